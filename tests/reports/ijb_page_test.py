import json

import ijb_files
import numpy as np
import pytest

from keras_sphereface.evaluation import measure_ijb, read_ijb
from keras_sphereface.reports import write_ijb_report

pytest.importorskip("matplotlib")


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ijb") / "IJBC"
    written = ijb_files.write_ijb(folder, size=8)
    people = [written["people"][one] for one in written["templates"]]
    rng = np.random.default_rng(0)
    rows = np.eye(8)[np.array(people) - 100] + rng.normal(
        0, 0.3, (len(people), 8)
    )
    return measure_ijb(
        rows,
        read_ijb(folder),
        name="<ijbc>",
        notes=["A <note>."],
        fars=(0.1, 1e-6),
        resamples=20,
    )


def test_text_json_and_page_say_the_same(tmp_path, report):
    shown = write_ijb_report(tmp_path / "new", report)
    assert shown.startswith(str(report))
    content = json.loads((tmp_path / "new/report.json").read_bytes())
    assert content == json.loads(json.dumps(report.to_dict()))
    page = (tmp_path / "new/report.html").read_text("utf-8")
    assert "<ijbc>" not in page
    for text in (
        "1:1: &lt;ijbc&gt; (192 pairs, 8 people)",
        "1:N: &lt;ijbc&gt; G1 (4 people in the gallery",
        "1:N: &lt;ijbc&gt; all galleries",
        "FAR=1e-6 was not measured",
        "TAR@FAR=1e-3",
        "A &lt;note&gt;.",
    ):
        assert text in page
    assert page.count("data:image/svg+xml") == 3


def test_one_part_alone_has_its_page(tmp_path, report):
    alone = report.__class__(
        **{**vars(report), "verification": None, "insightface_search": None}
    )
    write_ijb_report(tmp_path, alone)
    page = (tmp_path / "report.html").read_text("utf-8")
    assert "1:N" in page
    assert "Curves" not in page
