import math

import numpy as np
import pytest

from keras_sphereface.contract import Calibration


def test_probabilities_are_those_of_the_odds():
    found = Calibration(10.0, -3.0, 0.5).probability([0.3, 0.0, 1.0])
    # Log-odds of 0, -3 and 7.
    expected = [0.5, 1 / (1 + math.e**3), 1 / (1 + math.e**-7)]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_a_prior_moves_the_odds():
    calibration = Calibration(10.0, -3.0, 0.2)
    # Odds of 1 at a quarter of the odds of before; 999 of 1000 are 999.
    assert calibration.probability(0.3) == pytest.approx(0.5)
    assert calibration.probability(0.3, prior=0.5) == pytest.approx(4 / 5)
    assert calibration.probability(0.3, prior=0.999) == pytest.approx(
        4 * 999 / (1 + 4 * 999)
    )


def test_far_scores_do_not_overflow():
    found = Calibration(1e6, 0.0, 0.5).probability([-1, 1])
    assert found.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("slope", math.inf),
        ("intercept", math.nan),
        ("slope", "1"),
        ("genuine_share", 0),
        ("genuine_share", 1.0),
    ],
)
def test_wrong_numbers_are_named(name, value):
    numbers = {"slope": 1.0, "intercept": 0.0, "genuine_share": 0.5}
    with pytest.raises(ValueError, match=f"`{name}` must be"):
        Calibration(**{**numbers, name: value})
