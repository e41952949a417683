import html.parser

import pytest
from study_runs import failed_run, make_run, toy_summary

from keras_sphereface.evaluation import summarize_study
from keras_sphereface.reports import write_study_page

pytest.importorskip("matplotlib")
NASTY = "<script>alert(1)</script> $x$ & \"'"


class Page(html.parser.HTMLParser):
    """What a browser would load and show."""

    def __init__(self, path):
        super().__init__()
        self.tags, self.sources, self.headings, self.text = [], [], [], ""
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.sources += [v for k, v in attributes if k in ("src", "href")]

    def handle_data(self, data):
        self.text += data
        if self.tags and self.tags[-1] == "h2":
            self.headings.append(data)


def test_the_page_holds_every_part_and_asks_for_nothing(tmp_path):
    summary = toy_summary()
    path = tmp_path / "report.html"
    page = Page(write_study_page(path, summary, num_missing=7))
    assert all(source.startswith("data:") for source in page.sources)
    assert "script" not in page.tags
    # Map, accuracy, loss and angles.
    assert page.tags.count("img") == 4
    for title in ("Heads", "Stability", "Accuracy", "Loss", "Angles", "Runs"):
        assert title in page.headings
    for row in summary.rows():
        for cell in filter(None, row):
            assert cell in page.text
    assert summary.data in page.text
    assert "7 runs are not there yet" in page.text
    assert "more than 5 points" in page.text
    assert "one in twenty of the 3 intervals" in page.text
    assert "counts as a coin" in page.text
    assert [item.name for item in tmp_path.iterdir()] == ["report.html"]


def test_every_run_is_listed(tmp_path):
    summary = summarize_study(
        [make_run(accuracy=0.7519), failed_run(seed=3, failure="collapsed")]
    )
    text = Page(write_study_page(tmp_path / "a.html", summary)).text
    assert "0.1075.19 %trained" in text
    assert "0.13-collapsed" in text
    assert "minus" not in text
    assert "not there yet" not in text


def test_names_are_text_and_no_code(tmp_path):
    summary = summarize_study([make_run(NASTY, data=NASTY)])
    page = Page(write_study_page(tmp_path / "a.html", summary, title=NASTY))
    assert "script" not in page.tags
    assert NASTY in page.text


def test_the_same_study_gives_the_same_page(tmp_path):
    summary = summarize_study([make_run(seed=seed) for seed in (0, 1)])
    pages = {
        write_study_page(tmp_path / f"{i}.html", summary).read_bytes()
        for i in range(2)
    }
    assert len(pages) == 1
