"""Pairs of faces beside what was decided about them, as one picture."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from keras_sphereface.contract import read_image
from keras_sphereface.files import new_stream
from keras_sphereface.reports.figure_style import COLORS, new_figure, plain_text

_RIGHT, _WRONG = COLORS[2], COLORS[1]
_COLUMNS = 4
_CELL = (2.3, 1.4)  # inches


class Verdict(NamedTuple):
    """One pair, and what was decided about it.

    Attributes:
        image_a: as `contract.read_image` takes it.
        image_b: the other image.
        is_same: bool, whether both show one person.
        same: bool, whether it was said that they do.
        score: float.
    """

    image_a: object
    image_b: object
    is_same: bool
    same: bool
    score: float


def plot_verdicts(verdicts: Sequence[Verdict], path, title: str) -> Path:
    """Draws pairs of both kinds, right verdicts and wrong ones told apart.

    Args:
        verdicts: sequence of `Verdict`.
        path: file to write; its ending, `.png`, `.svg` or `.pdf`, is the
            format.
        title: str, what decided.

    Returns:
        `pathlib.Path` of the file.
    """
    path = Path(path)
    if path.suffix not in (".png", ".svg", ".pdf"):
        raise ValueError(
            "`path` must end in .png, .svg or .pdf. "
            f"Received: path={str(path)!r}"
        )
    if not verdicts:
        raise ValueError(
            "`verdicts` must have at least one pair. Received: verdicts=[]"
        )
    kinds = [
        (name, shown)
        for name, is_same in (("one person", True), ("two people", False))
        if (shown := [v for v in verdicts if v.is_same == is_same])
    ]
    rows = [-(-len(shown) // _COLUMNS) for _, shown in kinds]
    height = _CELL[1] * sum(rows) + 0.4 * len(kinds) + 0.6
    figure = new_figure((_CELL[0] * _COLUMNS, height))
    figure.suptitle(plain_text(title), x=0.01, ha="left", fontsize=10)
    parts = figure.subfigures(len(kinds), 1, height_ratios=rows, squeeze=False)
    for (name, shown), [part], count in zip(kinds, parts, rows, strict=True):
        part.suptitle(
            f"given {name}", x=0.01, ha="left", fontweight="bold", fontsize=11
        )
        cells = part.subplots(count, _COLUMNS, squeeze=False).ravel()
        for axes in cells:
            axes.axis("off")
        for axes, verdict in zip(cells, shown, strict=False):
            _draw(axes, verdict)
    with new_stream(path) as stream:
        figure.savefig(stream, format=path.suffix[1:], dpi=120)
    return path


def _draw(axes, verdict):
    is_right = verdict.same == verdict.is_same
    for image, left in ((verdict.image_a, 0.0), (verdict.image_b, 1.06)):
        axes.imshow(read_image(image), extent=(left, left + 1, 0, 1))
    axes.set_xlim(0, 2.06)
    axes.set_ylim(0, 1)
    said = "same person" if verdict.same else "different people"
    axes.set_title(
        f"{said} {verdict.score:.2f} {'✓' if is_right else '✗'}",
        color=_RIGHT if is_right else _WRONG,
        fontsize=9,
    )
