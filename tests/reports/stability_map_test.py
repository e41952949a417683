import pytest
from study_runs import make_run, toy_summary

from keras_sphereface.evaluation import OUTCOMES, summarize_study

pytest.importorskip("matplotlib")

from matplotlib.colors import to_hex

from keras_sphereface.reports.stability_map import (
    OUTCOME_COLORS,
    map_rows,
    stability_figure,
)


def test_a_cell_stands_at_its_head_and_rate_and_says_what_became_of_it():
    arms = toy_summary().arms
    axes = stability_figure(arms).axes[0]
    rows = [text.get_text() for text in axes.get_yticklabels()]
    rates = [text.get_text() for text in axes.get_xticklabels()]
    assert rates == ["0.1", "0.4"]
    assert rows == map_rows(arms)
    cells = {}
    for text in axes.texts:
        column, row = text.get_position()
        cells[rows[row], rates[column]] = text.get_text()
    assert cells == {
        ("normface", "0.1"): "70.50 %   2 trained",
        ("arcface margin=0.5 detach=False", "0.1"): (
            "50.00 %   1 diverged, 1 collapsed"
        ),
        ("arcface margin=0.3 detach=True", "0.1"): "76.00 %   2 trained",
        ("arcface margin=0.3 detach=True", "0.4"): "75.00 %   2 trained",
        ("arcface margin=0.5 detach=True", "0.1"): "67.00 %   2 degraded",
    }


def test_a_cell_has_the_color_of_its_worst_seed():
    arms = toy_summary().arms
    axes = stability_figure(arms).axes[0]
    # The first collections are the cells, in the order of the arms.
    drawn = [to_hex(each.get_facecolor()[0]) for each in axes.collections]
    expected = [OUTCOME_COLORS[arm.worst_outcome].lower() for arm in arms]
    assert drawn[: len(arms)] == expected
    assert len(set(OUTCOME_COLORS.values())) == len(OUTCOMES)


def test_the_legend_names_every_outcome():
    (legend,) = stability_figure(toy_summary().arms).legends
    assert [text.get_text() for text in legend.get_texts()] == list(OUTCOMES)


def test_rows_of_a_kind_stand_together_by_detachment_and_margin():
    def arm(head, **arguments):
        return summarize_study([make_run(head, arguments=arguments)]).arms[0]

    arms = [
        arm("a", margin=2.0, detach=True),
        arm("b"),
        arm("a", margin=10.0, detach=True),
        arm("a", margin=1.5, detach=False),
        arm("a", margin=1.5, detach=True),
    ]
    assert map_rows(arms) == [
        "a margin=1.5 detach=False",
        "a margin=1.5 detach=True",
        "a margin=2 detach=True",
        "a margin=10 detach=True",
        "b",
    ]
