import json

import noisy_faces
import numpy as np
import pytest

from keras_sphereface.evaluation import full_report
from keras_sphereface.reports import write_full_reports

pytest.importorskip("matplotlib")


def toy_report(name, step=1):
    pairs = noisy_faces.make_pairs()
    groups = np.where(pairs.pair_people % 2 == 0, "even", "odd")
    return full_report(
        noisy_faces.pixel_embedder(step),
        pairs,
        fars=(0.5, 0.1),
        name=name,
        attributes={"parity": groups},
        resamples=50,
    )


def test_one_model_has_its_report_at_the_top(tmp_path):
    found = toy_report("toy")
    shown = write_full_reports(tmp_path / "new", {"toy.keras": found})
    assert shown.startswith(str(found))
    content = json.loads((tmp_path / "new/report.json").read_bytes())
    assert content["model"] == "toy.keras"
    assert content["accuracy"] == found.report.accuracy
    assert len(content["operating_points"]) == 2
    assert (tmp_path / "new/report.html").is_file()
    assert shown.endswith("report.html")


def test_several_models_are_compared_with_the_first(tmp_path):
    found = {
        name: toy_report(name, step)
        for name, step in (("a", 1), ("b", 9), ("c", 40))
    }
    shown = write_full_reports(tmp_path, found, resamples=50)
    content = json.loads((tmp_path / "report.json").read_bytes())
    assert list(content["models"]) == ["a", "b", "c"]
    assert [(c["a"], c["b"]) for c in content["comparisons"]] == [
        ("a", "b"),
        ("a", "c"),
    ]
    assert "b minus a" in shown
    assert "c by parity" in shown
    alone = write_full_reports(tmp_path, found, resamples=0)
    assert "minus" not in alone
