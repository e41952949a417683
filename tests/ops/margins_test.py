import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from keras_sphereface.ops import (
    sphereface_margin,
    spherefacer_v1_margin,
    spherefacer_v2_margin,
)

TARGET_MARGINS = [sphereface_margin, spherefacer_v1_margin]
ALL_MARGINS = [*TARGET_MARGINS, spherefacer_v2_margin]
margins = st.floats(1.0, 6.0, width=32)


def apply(function, cos_theta, margin):
    cos_theta = ops.convert_to_tensor(cos_theta)
    return ops.convert_to_numpy(function(cos_theta, margin=margin))


def cosines():
    return np.cos(np.linspace(0.005, 3.136, 4096, dtype="float32"))


@pytest.mark.parametrize(
    ("function", "margin", "degrees", "expected"),
    [
        (sphereface_margin, 1, 90, 0.0),  # m = 1 is the plain cosine
        (sphereface_margin, 2, 60, -0.5),  # k = 0: cos 120
        (sphereface_margin, 2, 120, -1.5),  # k = 1: -cos 240 - 2
        (sphereface_margin, 4, 150, -5.5),  # k = 3: -cos 600 - 6
        (sphereface_margin, 1.5, 80, -0.5),  # a real margin: cos 120
        (spherefacer_v1_margin, 2, 60, -0.5),  # cos 120
        (spherefacer_v1_margin, 2, 120, -1.0),  # 240 stops at 180
        (spherefacer_v1_margin, 1.5, 40, 0.5),  # cos 60
        (spherefacer_v2_margin, 2, 120, 0.5),  # cos 60
        (spherefacer_v2_margin, 1.5, 90, 0.5),  # cos 60
        (spherefacer_v2_margin, 1, 150, -math.sqrt(3) / 2),
    ],
)
def test_matches_hand_computed_angles(function, margin, degrees, expected):
    cos_theta = np.float32([math.cos(math.radians(degrees))])
    np.testing.assert_allclose(
        apply(function, cos_theta, margin), [expected], atol=1e-5
    )


@pytest.mark.parametrize("function", TARGET_MARGINS)
@settings(deadline=None, max_examples=30)
@given(margin=margins)
def test_target_falls_without_jumps_below_the_cosine(function, margin):
    values = apply(function, cosines(), margin)
    steps = np.diff(values)
    assert steps.max() <= 2e-5
    # One step of theta is 0.0008, and no slope is steeper than the margin.
    assert steps.min() > -0.0009 * margin - 2e-5
    assert (values <= cosines() + 2e-5).all()


@settings(deadline=None, max_examples=30)
@given(margin=margins)
def test_v2_falls_without_jumps_above_the_cosine(margin):
    values = apply(spherefacer_v2_margin, cosines(), margin)
    steps = np.diff(values)
    assert steps.max() <= 2e-6
    assert steps.min() > -0.0009
    assert (values >= cosines() - 1e-5).all()


@settings(deadline=None, max_examples=30)
@given(
    margin=margins, theta_y=st.floats(0.01, 1.5), theta_j=st.floats(0.01, 3.1)
)
def test_v1_and_v2_share_their_decision_boundary(margin, theta_y, theta_j):
    if margin * theta_y > 3.1 or abs(margin * theta_y - theta_j) < 1e-2:
        return
    cos_y, cos_j = np.float32([math.cos(theta_y), math.cos(theta_j)])
    v1 = apply(spherefacer_v1_margin, cos_y, margin) > cos_j
    v2 = cos_y > apply(spherefacer_v2_margin, cos_j, margin)
    assert v1 == v2 == (margin * theta_y < theta_j)


@pytest.mark.parametrize("function", ALL_MARGINS)
def test_margin_of_one_is_the_plain_cosine(function):
    np.testing.assert_allclose(
        apply(function, cosines(), 1.0), cosines(), atol=1e-6
    )


@pytest.mark.parametrize("function", ALL_MARGINS)
def test_cosines_rounded_past_one_stay_finite(function):
    values = apply(function, np.float32([1.0000001, -1.0000001, 1, -1]), 1.7)
    assert np.isfinite(values).all()
