"""The stability map: what became of each head at each learning rate."""

from keras_sphereface.evaluation.run_outcome import OUTCOMES
from keras_sphereface.evaluation.text_table import percent
from keras_sphereface.reports.figure_style import (
    COLORS,
    QUIET,
    new_figure,
    plain_text,
    style_axes,
)

OUTCOME_COLORS = dict(
    zip(OUTCOMES, (COLORS[2], COLORS[5], COLORS[1], "#404040"), strict=True)
)
_ROW_HEIGHT, _CELL_WIDTH, _LABEL_WIDTH = 0.34, 2.1, 4.4


def stability_figure(arms):
    """Heads by learning rate, the color of a cell says what became of it.

    A cell is of the color of its worst seed and says the mean accuracy and how
    many seeds had which outcome. Heads that differ in margin and detachment
    only stand together, by detachment, then by ascending margin.

    Args:
        arms: sequence of `StudyArm`.

    Returns:
        matplotlib `Figure`.
    """
    labels = map_rows(arms)
    rates = sorted({arm.learning_rate for arm in arms})
    figure = new_figure(
        (
            _LABEL_WIDTH + _CELL_WIDTH * len(rates),
            1.1 + _ROW_HEIGHT * len(labels),
        )
    )
    axes = figure.add_subplot()
    style_axes(axes, "")
    axes.grid(False)
    for arm in arms:
        row, column = labels.index(arm.label), rates.index(arm.learning_rate)
        color = OUTCOME_COLORS[arm.worst_outcome]
        # Light enough for the text, which says the same.
        axes.fill_between(
            [column - 0.48, column + 0.48],
            row - 0.44,
            row + 0.44,
            color=color,
            alpha=0.4,
            lw=0,
        )
        axes.text(
            column,
            row,
            f"{percent(arm.accuracy.mean)}   {arm.outcome_text}",
            ha="center",
            va="center",
            fontsize=8,
        )
    kinds = {arm.label: arm.kind for arm in arms}
    for row in range(1, len(labels)):
        if kinds[labels[row]] != kinds[labels[row - 1]]:
            axes.axhline(row - 0.5, color=QUIET, lw=0.8)
    axes.set_xlim(-0.5, len(rates) - 0.5)
    axes.set_ylim(len(labels) - 0.5, -0.5)
    axes.set_xticks(range(len(rates)), [f"{rate:g}" for rate in rates])
    axes.set_yticks(range(len(labels)), map(plain_text, labels), fontsize=8)
    axes.set_xlabel("learning rate")
    figure.legend(
        handles=[
            axes.fill_between([], [], color=color, alpha=0.4, label=outcome)
            for outcome, color in OUTCOME_COLORS.items()
        ],
        loc="outside lower center",
        ncols=len(OUTCOMES),
        frameon=False,
    )
    return figure


def map_rows(arms):
    """Labels of the rows of a map, from above.

    Args:
        arms: sequence of `StudyArm`.

    Returns:
        List of str.
    """
    kinds = list(dict.fromkeys(arm.kind for arm in arms))

    def place(arm):
        margin = arm.arguments.get("margin")
        is_number = isinstance(margin, int | float)
        return (
            kinds.index(arm.kind),
            str(arm.arguments.get("detach", "")),
            margin if is_number else 0.0,
        )

    return list(dict.fromkeys(arm.label for arm in sorted(arms, key=place)))
