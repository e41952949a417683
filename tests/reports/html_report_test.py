import html.parser
import subprocess

import chromium
import noisy_faces
import numpy as np
import pytest

from keras_sphereface.evaluation import compare_full_reports, full_report
from keras_sphereface.reports import write_html_report

pytest.importorskip("matplotlib")
NASTY = "<script>alert(1)</script> $x$ & \"'"


def toy_report(name="toy", names=None, fars=(0.2, 0.01, 1e-6), step=1):
    pairs = noisy_faces.make_pairs()
    if names:
        pairs.names = [names] * len(pairs.images)
    sexes = np.where(pairs.pair_people % 2 == 0, "f", NASTY)
    return full_report(
        noisy_faces.pixel_embedder(step),
        pairs,
        fars=fars,
        name=name,
        attributes={"sex": sexes},
        resamples=100,
    )


class Page(html.parser.HTMLParser):
    """What a browser would load, run and show."""

    def __init__(self, path):
        super().__init__()
        self.tags, self.addresses, self.text, self.open = [], [], "", []
        self.feed(path.read_text("utf-8"))
        assert not self.open, f"never closed: {self.open}"

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        attributes = dict(attributes)
        self.addresses += [
            attributes[name] for name in ("src", "href") if name in attributes
        ]
        if tag not in ("img", "meta", "link", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def test_the_page_holds_everything_and_asks_for_nothing(tmp_path):
    path = write_html_report(
        tmp_path / "report.html", {"toy": toy_report()}, title="Toy"
    )
    page = Page(path)
    assert all(address.startswith("data:") for address in page.addresses)
    assert "script" not in page.tags
    # ROC, DET, calibration, histogram; two faces of sixteen pairs.
    assert page.tags.count("img") == 4 + 2 * 16
    for part in ("TAR@FAR=2e-1", "UNSTEADY", "FAR=1e-6 was not", "By sex"):
        assert part in page.text
    assert [item.name for item in tmp_path.iterdir()] == ["report.html"]


def test_models_stand_side_by_side(tmp_path):
    a, b = toy_report("a"), toy_report("b", step=9)
    page = Page(
        write_html_report(
            tmp_path / "report.html",
            {"a": a, "b": b},
            [compare_full_reports(a, b, resamples=50)],
        )
    )
    assert "Side by side" in page.text
    assert "b minus a" in page.text
    assert page.tags.count("img") == 3 + 2 + 2 * 2 * 16


def test_names_are_text_and_no_code(tmp_path):
    found = toy_report(NASTY, names=f"Ann/{NASTY}.jpg", fars=(0.2,))
    page = Page(
        write_html_report(
            tmp_path / "report.html", {NASTY: found, "_b": found}, title=NASTY
        )
    )
    assert "script" not in page.tags
    assert NASTY in page.text


def test_the_same_run_gives_the_same_page(tmp_path):
    found = {"toy": toy_report()}
    pages = [
        write_html_report(tmp_path / f"{i}.html", found).read_bytes()
        for i in range(2)
    ]
    assert pages[0] == pages[1]


def test_bad_arguments_are_named(tmp_path):
    with pytest.raises(ValueError, match=r"end in \.html.*report\.htm"):
        write_html_report(tmp_path / "report.htm", {"toy": toy_report()})
    with pytest.raises(ValueError, match="at least one"):
        write_html_report(tmp_path / "report.html", {})


@pytest.mark.slow
@pytest.mark.skipif(not chromium.CHROMIUM, reason="no Chromium here")
def test_chromium_shows_it_without_a_complaint(tmp_path):
    path = write_html_report(
        tmp_path / "report.html", {NASTY: toy_report(NASTY)}
    )
    result = subprocess.run(
        [
            chromium.CHROMIUM,
            *chromium.FLAGS,
            f"--user-data-dir={tmp_path / 'profile'}",
            "--enable-logging=stderr",
            f"--screenshot={tmp_path / 'page.png'}",
            "--window-size=1280,3000",
            path.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (tmp_path / "page.png").is_file(), result.stderr
    # A refused load or an error of the page stands in a line with CONSOLE.
    assert "CONSOLE" not in result.stderr
