import sys

import numpy as np
import pytest
from PIL import Image

from keras_sphereface.evaluation import roc_curve, verify_scores
from keras_sphereface.reports import plot_det, plot_roc
from keras_sphereface.reports.figures import _steps

pytest.importorskip("matplotlib")


def make_scores(num_pairs=200):
    rng = np.random.default_rng(0)
    is_same = np.arange(num_pairs) % 2 == 0
    return rng.normal(0, 0.2, num_pairs) + 0.4 * is_same, is_same


def make_report():
    scores, is_same = make_scores()
    return verify_scores(
        scores=np.clip(scores, -1, 1),
        is_same=is_same,
        folds=np.arange(len(scores)) % 20 // 2,
    )


def test_draws_a_picture_of_every_kind_of_curve(tmp_path):
    scores, is_same = make_scores()
    path = plot_roc(
        {
            "report": make_report(),
            "roc": roc_curve(scores=scores, is_same=is_same),
            "pairs": (scores, is_same),
        },
        tmp_path / "roc.png",
    )
    assert [item.name for item in tmp_path.iterdir()] == ["roc.png"]
    with Image.open(path) as image:
        colors = {
            color
            for _, color in image.convert("RGB").getcolors(maxcolors=2**24)
        }
    # The third curve covers the others where they are equal, so all three
    # show at least in the legend.
    assert {(0, 114, 178), (213, 94, 0), (0, 158, 115)} <= colors


@pytest.mark.parametrize("suffix", [".svg", ".pdf"])
def test_the_ending_is_the_format(tmp_path, suffix):
    path = plot_roc({"toy": make_scores()}, tmp_path / f"roc{suffix}")
    start = {".svg": b"<?xml", ".pdf": b"%PDF"}[suffix]
    assert path.read_bytes().startswith(start)


def test_det_curves_are_files_too(tmp_path):
    path = plot_det({"toy": make_scores()}, tmp_path / "det.png")
    with Image.open(path) as image:
        colors = image.convert("RGB").getcolors(maxcolors=2**24)
    assert (0, 114, 178) in {color for _, color in colors}


@pytest.mark.parametrize("scores", [[0.9, 0.1], [0.1, 0.9], [0.5, 0.5]])
@pytest.mark.parametrize("repeats", [1, 500])
def test_perfect_inverted_and_constant_scores_are_drawn(
    tmp_path, scores, repeats
):
    # A warning of matplotlib, such as for log(0), would fail the test.
    pairs = np.repeat(scores, repeats), np.repeat([True, False], repeats)
    assert plot_roc({"edge": pairs}, tmp_path / "roc.png").is_file()


def test_steps_show_the_highest_tar_at_each_measured_far():
    # Worked by hand: impostors at .8, .5, .4; genuine at .9, .7, .6, .2.
    scores = np.array([0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.2])
    is_same = np.array([True, False, True, True, False, False, True])
    far, tar = _steps(roc_curve(scores=scores, is_same=is_same))
    np.testing.assert_allclose(far, [1 / 3, 2 / 3, 1])
    np.testing.assert_allclose(tar, [3 / 4, 3 / 4, 1])


def test_a_failed_drawing_leaves_the_old_file_and_no_other(tmp_path):
    path = plot_roc({"toy": make_scores()}, tmp_path / "roc.png")
    before = path.read_bytes()
    with pytest.raises(ValueError, match=r"curves\['bad'\] of type int"):
        plot_roc({"bad": 3}, path)
    with pytest.raises(ValueError, match=r"\\frac"):
        plot_roc({"toy": make_scores()}, path, title=r"$\frac{$")
    assert path.read_bytes() == before
    assert [item.name for item in tmp_path.iterdir()] == ["roc.png"]


@pytest.mark.parametrize(
    ("curves", "name", "message"),
    [
        ({}, "roc.png", "at least one curve"),
        ({"toy": make_scores()}, "roc.txt", r"roc\.txt"),
        ({"toy": make_scores()}, "roc", "must end in"),
        ({"toy": (1, 2, 3)}, "roc.png", r"curves\['toy'\] of type tuple"),
    ],
)
def test_bad_input_is_named(tmp_path, curves, name, message):
    with pytest.raises(ValueError, match=message):
        plot_roc(curves, tmp_path / name)


def test_a_missing_matplotlib_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ImportError, match=r"keras-sphereface\[plots\]"):
        plot_roc({"toy": make_scores()}, tmp_path / "roc.png")
