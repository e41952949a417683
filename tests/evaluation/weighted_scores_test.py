import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keras_sphereface.evaluation import (
    area_under_curve,
    equal_error,
    tar_at_far,
)
from keras_sphereface.evaluation.weighted_scores import WeightedScores

checked = settings(
    derandomize=True,
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow],
)
# (score, times): few distinct scores, hence many ties, and weights of 0.
SIDE = st.lists(
    st.tuples(st.integers(-4, 4), st.integers(0, 3)), min_size=1, max_size=8
).filter(lambda side: any(times for _, times in side))


@checked
@given(SIDE, SIDE)
def test_a_weight_is_the_same_as_repeating_the_pair(genuine, impostor):
    scores = np.array([s for s, _ in genuine + impostor], "float64")
    is_same = np.arange(len(scores)) < len(genuine)
    rates = WeightedScores(scores, is_same).rates(
        np.array([n for _, n in genuine], "float64"),
        np.array([n for _, n in impostor], "float64"),
    )
    times = [n for _, n in genuine + impostor]
    repeated = {
        "scores": np.repeat(scores, times),
        "is_same": np.repeat(is_same, times),
    }
    assert rates.equal_error == pytest.approx(equal_error(**repeated))
    assert rates.area == pytest.approx(area_under_curve(**repeated))
    num_impostor = np.sum(~repeated["is_same"])
    for accepted in range(1, num_impostor + 1):
        far = accepted / num_impostor
        assert rates.tar[rates.point_at_far(far)] == pytest.approx(
            tar_at_far(**repeated, far=far)
        )


def test_shrinking_draws_impostor_weights_toward_one():
    scores = WeightedScores(
        np.array([0.9, 0.8, 0.4, 0.1]), np.array([True, False, False, False])
    )
    wild = scores.rates(np.ones(1), np.array([3.0, 0.0, 0.0]))
    np.testing.assert_allclose(wild.far, [0, 0, 1, 1, 1])
    # Weights 2, 0.5, 0.5 of 3.
    np.testing.assert_allclose(
        wild.shrunk(scores.plain, 0.5).far, [0, 0, 2 / 3, 5 / 6, 1]
    )
