import numpy as np
import pytest
from study_runs import failed_run, make_run, toy_summary

from keras_sphereface.evaluation import summarize_study

pytest.importorskip("matplotlib")

from keras_sphereface.reports.study_figures import (
    accuracy_figure,
    angle_figure,
    loss_figure,
)

ARMS = toy_summary().arms


@pytest.mark.parametrize(
    "figure_of", [accuracy_figure, loss_figure, angle_figure]
)
def test_every_arm_has_a_panel_with_its_name(figure_of):
    figure = figure_of(ARMS)
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert len(titles) == len(ARMS)
    for title, arm in zip(titles, ARMS, strict=True):
        assert " ".join(title.split()) == (
            f"{arm.label}, learning rate {arm.learning_rate:g}"
        )


def test_a_learning_rate_that_all_have_is_not_repeated():
    figure = loss_figure(toy_summary().arms[:2])
    assert figure.axes[0].get_title(loc="left") == "normface"


def test_accuracy_begins_with_the_untrained_embedder():
    arms = summarize_study(
        [make_run(seed=s, untrained_accuracy=0.5 + 0.01 * s) for s in (0, 1)]
    ).arms
    (axes,) = accuracy_figure(arms).axes
    for line, before in zip(axes.lines, (0.5, 0.51), strict=True):
        np.testing.assert_allclose(line.get_xdata(), [0, 1, 2])
        np.testing.assert_allclose(line.get_ydata(), [before, 0.6, 0.75])


def test_other_arms_stand_behind_the_accuracy():
    # Two lines of normface, six of others that have a history.
    assert len(accuracy_figure(ARMS).axes[0].lines) == 2 + 6
    assert len(loss_figure(ARMS).axes[0].lines) == 2


def test_losses_are_drawn_by_epoch():
    line = loss_figure(ARMS).axes[0].lines[0]
    np.testing.assert_allclose(line.get_xdata(), [1, 2])
    np.testing.assert_allclose(line.get_ydata(), [9.0, 4.0])


def test_angles_of_all_seeds_count_to_one():
    first = [0] * 45
    first[0] = 50
    arms = summarize_study(
        [make_run(seed=0), make_run(seed=1, target_angles=first)]
    ).arms
    target, nearest = angle_figure(arms).axes[0].patches
    values, edges, _ = target.get_data()
    assert (edges[0], edges[-1]) == (0, 180)
    # 60 and 40 of the first seed, 50 of the second.
    np.testing.assert_allclose(values[[0, 10, 11]], [1 / 3, 0.4, 0.8 / 3])
    assert sum(nearest.get_data().values) == pytest.approx(1)


def test_an_arm_without_a_trained_run_has_empty_panels():
    arms = summarize_study([failed_run(seed=s) for s in (0, 1)]).arms
    assert not angle_figure(arms).axes[0].patches
    assert not loss_figure(arms).axes[0].lines
