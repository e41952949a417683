import numpy as np
import pytest
from PIL import Image

from keras_sphereface.reports import Verdict, plot_verdicts

pytest.importorskip("matplotlib")

GREEN, RED = (0, 158, 115), (213, 94, 0)


def verdicts(*said):
    """Pairs of flat images, a color each."""
    return [
        Verdict(
            np.full((8, 6, 3), 40 * number, np.uint8),
            np.full((8, 6, 3), 250, np.uint8),
            is_same,
            same,
            0.5,
        )
        for number, (is_same, same) in enumerate(said)
    ]


def colors_of(path):
    with Image.open(path) as image:
        colors = image.convert("RGB").getcolors(maxcolors=2**24)
    return {color for _, color in colors}


def test_right_and_wrong_verdicts_have_their_colors(tmp_path):
    right, wrong = [(True, True), (False, False)], [(True, False)]
    path = plot_verdicts(verdicts(*right), tmp_path / "right.png", "title")
    assert GREEN in colors_of(path)
    assert RED not in colors_of(path)
    path = plot_verdicts(
        verdicts(*right, *wrong), tmp_path / "both.png", "title"
    )
    # The images are there as they are.
    assert {GREEN, RED, (40, 40, 40), (80, 80, 80)} <= colors_of(path)


def test_rows_grow_with_the_pairs(tmp_path):
    few = plot_verdicts(verdicts((True, True)), tmp_path / "few.png", "")
    many = plot_verdicts(
        verdicts(*[(True, True)] * 5), tmp_path / "many.png", ""
    )
    with Image.open(few) as small, Image.open(many) as large:
        assert small.width == large.width
        assert small.height < large.height


def test_nothing_to_draw_and_nowhere_are_errors(tmp_path):
    with pytest.raises(ValueError, match="`verdicts` must have at least one"):
        plot_verdicts([], tmp_path / "a.png", "")
    with pytest.raises(ValueError, match=r"`path` must end in \.png"):
        plot_verdicts(verdicts((True, True)), tmp_path / "a.gif", "")
