import re

import numpy as np
import pytest

from keras_sphereface.evaluation import reliability, roc_curve

pytest.importorskip("matplotlib")

from keras_sphereface.reports import figures

TRUTH = np.repeat([True, False], 50)
SCORES = {
    "usual": np.random.default_rng(0).normal(0.5 * TRUTH, 0.3),
    "perfect": np.where(TRUTH, 0.9, 0.1),
    "inverted": np.where(TRUTH, 0.1, 0.9),
    "constant": np.full(100, 0.5),
}


# A warning of matplotlib, such as for log(0), would fail these tests.
@pytest.mark.parametrize("scores", SCORES.values(), ids=SCORES)
def test_every_kind_of_scores_is_drawn(scores):
    roc = {"model": roc_curve(scores=scores, is_same=TRUTH)}
    checked = {
        "model": reliability(probabilities=np.clip(scores, 0, 1), is_same=TRUTH)
    }
    for figure in (
        figures.roc_figure(roc, "ROC"),
        figures.det_figure(roc, "DET"),
        figures.score_figure(scores, TRUTH, {"FAR 1e-1": 0.4}, "scores"),
        figures.reliability_figure(checked, "calibration"),
    ):
        assert figures.svg_of(figure).startswith(b"<?xml")


def test_a_det_curve_shows_false_rejects_over_false_accepts():
    # Impostors at .8, .5, .4; genuine at .9, .7, .6, .2.
    roc = roc_curve(
        scores=np.array([0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.2]),
        is_same=np.array([True, False, True, True, False, False, True]),
    )
    axes = figures.det_figure({"model": roc}, "DET").axes[0]
    far, frr = axes.lines[1].get_data()
    np.testing.assert_allclose(far, [1 / 3, 2 / 3, 1])
    np.testing.assert_allclose(frr, [1 / 4, 1 / 4, 1e-12])


def test_histograms_count_each_kind_to_one():
    figure = figures.score_figure(
        SCORES["usual"], TRUTH, {"a": 0.1, "b": 0.6}, "scores"
    )
    different, same = figure.axes[0].patches
    for stairs in (different, same):
        assert sum(stairs.get_data().values) == pytest.approx(1)
    middle = [
        np.average(
            stairs.get_data().edges[1:], weights=stairs.get_data().values
        )
        for stairs in (different, same)
    ]
    assert middle[0] < middle[1]


def test_names_are_shown_as_they_are():
    roc = roc_curve(scores=SCORES["usual"], is_same=TRUTH)
    names = ["$x$", "_hidden", "a$b"]
    figure = figures.roc_figure(dict.fromkeys(names, roc), "ROC")
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert len(legend) == 3
    assert legend[1].startswith(" _hidden ")
    svg = figures.svg_of(figure).decode()
    assert len(re.findall(r"<!-- .*EER.* -->", svg)) == 3


def test_the_same_figure_is_the_same_file():
    roc = {"model": roc_curve(scores=SCORES["usual"], is_same=TRUTH)}
    files = {figures.svg_of(figures.det_figure(roc, "DET")) for _ in range(2)}
    assert len(files) == 1


def test_millions_of_steps_are_drawn_as_some_thousand():
    rng = np.random.default_rng(0)
    is_same = rng.random(40_000) < 0.1
    scores = rng.normal(size=40_000) + 2 * is_same
    roc = roc_curve(scores=scores, is_same=is_same)
    line = figures.roc_figure({"many": roc}, "ROC").axes[0].lines[-2]
    far, tar = line.get_data()
    assert 1000 < len(far) <= 4096
    # Those that are left are points of the curve, and its ends are there.
    assert (far[0], far[-1]) == (roc.far[roc.far > 0].min(), 1)
    for one, height in zip(far, tar, strict=True):
        assert height == roc.tar[roc.far <= one].max()
