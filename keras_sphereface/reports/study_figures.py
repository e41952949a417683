"""Pictures of a study: curves and angles of each head."""

import textwrap

import numpy as np

from keras_sphereface.evaluation.study_run import ANGLE_STEP
from keras_sphereface.reports.figure_style import (
    COLORS,
    QUIET,
    new_figure,
    percent_axis,
    plain_text,
    style_axes,
)

_COLUMNS = 4
_WIDTH, _ROW_HEIGHT = 10.5, 2.1
_TARGET, _NEAREST = COLORS[0], COLORS[1]


def accuracy_figure(arms):
    """Verification accuracy after each epoch, a panel per arm, a line per seed.

    The lines of all other arms stand behind it.

    Args:
        arms: sequence of `StudyArm`.

    Returns:
        matplotlib `Figure`.
    """
    curves = [[_accuracies(run) for run in arm.runs] for arm in arms]
    figure, panels = _panels(arms)
    for axes, own in zip(panels, curves, strict=True):
        for each in curves:
            if each is not own:
                _lines(axes, each, color="#DEDEDE", lw=0.8)
        _lines(axes, own, color=_TARGET, lw=1.6)
        percent_axis(axes.yaxis)
        _epochs(axes, own)
    return figure


def loss_figure(arms):
    """The loss of each epoch, a panel per arm, a line per seed.

    Each panel has its own scale: losses of different heads do not compare.

    Args:
        arms: sequence of `StudyArm`.

    Returns:
        matplotlib `Figure`.
    """
    figure, panels = _panels(arms)
    for axes, arm in zip(panels, arms, strict=True):
        curves = [_points(run, "loss") for run in arm.runs]
        _lines(axes, curves, color=COLORS[2], lw=1.6)
        _epochs(axes, curves)
    return figure


def angle_figure(arms):
    """Training faces by their angles to the centers, a panel per arm.

    Filled: the own center; a line: the nearest other one. All seeds together.

    Args:
        arms: sequence of `StudyArm`.

    Returns:
        matplotlib `Figure`.
    """
    figure, panels = _panels(arms)
    edges = np.arange(0, 181, ANGLE_STEP)
    for axes, arm in zip(panels, arms, strict=True):
        for name, color, style in (
            ("target_angles", _TARGET, {"fill": True, "alpha": 0.6}),
            ("nearest_angles", _NEAREST, {"lw": 1.4}),
        ):
            counts = [getattr(run, name) for run in arm.runs]
            total = np.sum([each for each in counts if each], axis=0)
            if np.sum(total):
                axes.stairs(total / np.sum(total), edges, color=color, **style)
        axes.axvline(90, color=QUIET, lw=1, ls=(0, (3, 3)))
        axes.set_xlim(0, 180)
        axes.set_xticks([0, 45, 90, 135])
        axes.xaxis.set_major_formatter("{x:.0f}°")
        axes.set_yticks([])
    return figure


def _panels(arms):
    rows = -(-len(arms) // _COLUMNS)
    figure = new_figure((_WIDTH, _ROW_HEIGHT * rows))
    panels = [
        figure.add_subplot(rows, _COLUMNS, place + 1)
        for place in range(len(arms))
    ]
    has_one_rate = len({arm.learning_rate for arm in arms}) == 1
    for axes, arm in zip(panels, arms, strict=True):
        style_axes(axes, "")
        rate = f", learning rate {arm.learning_rate:g}"
        text = arm.label if has_one_rate else arm.label + rate
        axes.set_title(
            plain_text(textwrap.fill(text, 34)),
            loc="left",
            fontsize=8,
            fontweight="bold",
            pad=6,
        )
        axes.tick_params(labelsize=7)
    return figure, panels


def _accuracies(run):
    before = run.untrained_accuracy
    points = _points(run, "verification_accuracy")
    return points if before is None else [(0, before), *points]


def _points(run, name):
    return [
        (int(row["epoch"]) + 1, row[name]) for row in run.history if name in row
    ]


def _lines(axes, curves, **style):
    for points in filter(None, curves):
        axes.plot(*zip(*points, strict=True), **style)


def _epochs(axes, curves):
    last = max((points[-1][0] for points in curves if points), default=1)
    axes.set_xlim(0, last)
    axes.xaxis.get_major_locator().set_params(integer=True)
