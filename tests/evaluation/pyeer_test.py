"""Our numbers beside those of scikit-learn and of the package pyeer."""

import warnings

import numpy as np
import pytest
from sklearn import metrics

from keras_sphereface.evaluation import (
    area_under_curve,
    equal_error,
    roc_curve,
    tar_at_far,
)

pyeer = pytest.importorskip("pyeer.eer_stats")


def score_sets():
    rng = np.random.default_rng(0)
    sets = {
        "random": (rng.normal(1, 1, 500), rng.normal(0, 1, 800)),
        "far outside [0, 1]": (
            rng.normal(300, 90, 200),
            rng.normal(-50, 200, 300),
        ),
        "many ties": (
            rng.integers(3, 9, 400) / 10,
            rng.integers(0, 7, 300) / 10,
        ),
        "one pair each": (np.array([0.8]), np.array([0.3])),
        "one pair each, inverted": (np.array([0.3]), np.array([0.8])),
        "one genuine": (np.array([0.5]), rng.normal(0, 1, 100)),
        "one impostor": (rng.normal(1, 1, 100), np.array([0.5])),
        "perfect": (rng.uniform(0.6, 1, 50), rng.uniform(0, 0.5, 70)),
        "all equal": (np.full(30, 0.5), np.full(40, 0.5)),
        "inverted": (rng.uniform(0, 0.5, 50), rng.uniform(0.6, 1, 70)),
        "top score shared": (
            np.array([0.9, 0.9, 0.4, 0.2]),
            np.array([0.9, 0.9, 0.3]),
        ),
    }
    return [pytest.param(*sides, id=name) for name, sides in sets.items()]


def of_pyeer(genuine, impostor):
    """`(thresholds, FMR, FNMR)`, thresholds ascending."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return pyeer.calculate_roc(genuine, impostor)


def pairs(genuine, impostor):
    return {
        "scores": np.concatenate([genuine, impostor]),
        "is_same": np.arange(len(genuine) + len(impostor)) < len(genuine),
    }


@pytest.mark.parametrize(("genuine", "impostor"), score_sets())
def test_curve_points_equal_pyeer_and_scikit_learn(genuine, impostor):
    roc = roc_curve(**pairs(genuine, impostor))
    thresholds, fmr, fnmr = of_pyeer(genuine, impostor)
    # Ours has one point more, where nothing is accepted, and falls.
    np.testing.assert_array_equal(roc.thresholds[:0:-1], thresholds)
    np.testing.assert_allclose(roc.far[:0:-1], fmr, rtol=0, atol=1e-9)
    np.testing.assert_allclose(1 - roc.tar[:0:-1], fnmr, rtol=0, atol=1e-9)
    both = pairs(genuine, impostor)
    fpr, fnr, _ = metrics.det_curve(both["is_same"], both["scores"])
    for point in zip(fpr, fnr, strict=True):
        gaps = np.abs(roc.far - point[0]) + np.abs(1 - roc.tar - point[1])
        assert gaps.min() < 1e-9


@pytest.mark.parametrize(("genuine", "impostor"), score_sets())
def test_area_equals_scikit_learn_and_pyeer_but_for_its_missing_triangle(
    genuine, impostor
):
    both = pairs(genuine, impostor)
    area = area_under_curve(**both)
    assert area == pytest.approx(
        metrics.roc_auc_score(both["is_same"], both["scores"]), abs=1e-9
    )
    _, fmr, fnmr = of_pyeer(genuine, impostor)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        theirs = pyeer.calculate_roc_auc(fmr, fnmr)
    missing = fmr[-1] * (1 - fnmr[-1]) / 2
    assert area == pytest.approx(theirs + missing, abs=1e-9)


@pytest.mark.parametrize(("genuine", "impostor"), score_sets())
def test_fnmr_at_every_measured_fmr_equals_pyeer(genuine, impostor):
    both = pairs(genuine, impostor)
    _, fmr, fnmr = of_pyeer(genuine, impostor)
    for far in np.unique(fmr[fmr > 0]):
        _, theirs = pyeer.get_fmr_op(fmr, fnmr, far)
        assert 1 - tar_at_far(**both, far=far) == pytest.approx(
            theirs, abs=1e-9
        )


def test_between_two_measured_fmrs_ours_stays_below_and_pyeer_takes_nearest():
    genuine = np.array([0.1, 0.25, 0.35, 0.9])
    impostor = np.array([0.05, 0.2, 0.3, 0.4])
    _, fmr, fnmr = of_pyeer(genuine, impostor)
    # 0.4 allows one impostor of 4, and so two genuines of 4 fail; the
    # nearest measured rate lets two impostors pass, and one genuine fails.
    assert 1 - tar_at_far(**pairs(genuine, impostor), far=0.4) == 0.5
    index, theirs = pyeer.get_fmr_op(fmr, fnmr, 0.4)
    assert (fmr[index], theirs) == (0.5, 0.25)


@pytest.mark.parametrize(("genuine", "impostor"), score_sets())
def test_equal_error_is_between_the_two_thresholds_of_fvc2000(
    genuine, impostor
):
    both = pairs(genuine, impostor)
    error = equal_error(**both)
    roc = roc_curve(**both)
    # With the point where nothing is accepted, which pyeer does not have and
    # without which it finds no crossing if the highest score is an impostor's.
    fmr, fnmr = roc.far[::-1], 1 - roc.tar[::-1]
    index, *_, theirs = pyeer.get_eer_values(fmr, fnmr)
    if fmr[index] == fnmr[index]:
        assert error == pytest.approx(theirs, abs=1e-9)
    after = np.argmax(roc.far >= 1 - roc.tar)
    bounds = sorted([roc.far[after - 1], roc.far[after]]) + sorted(
        [1 - roc.tar[after], 1 - roc.tar[after - 1]]
    )
    assert bounds[0] - 1e-9 <= error <= bounds[1] + 1e-9
    assert bounds[2] - 1e-9 <= error <= bounds[3] + 1e-9
    _, fmr, fnmr = of_pyeer(genuine, impostor)
    if fmr[-1] <= fnmr[-1]:
        np.testing.assert_allclose(
            pyeer.get_eer_values(fmr, fnmr)[-1], theirs, rtol=0, atol=1e-9
        )
