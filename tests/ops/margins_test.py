import math

import keras
import numpy as np
import pytest
from gradients import value_and_gradients
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from keras_sphereface.ops import (
    Margin,
    angle,
    arcface_margin,
    combined_margin,
    cosface_margin,
    falling_cosine,
    sphereface_margin,
    spherefacer_margin,
    spherefacer_v1_margin,
    spherefacer_v2_margin,
)

MULTIPLICATIVE_MARGINS = [sphereface_margin, spherefacer_v1_margin]
ALL_MARGINS = [*MULTIPLICATIVE_MARGINS, spherefacer_v2_margin]
margins = st.floats(1.0, 6.0, width=32)


def apply(function, cos_theta, margin=None, **kwargs):
    kwargs = {"margin": margin} if margin is not None else kwargs
    cos_theta = ops.convert_to_tensor(cos_theta)
    return ops.convert_to_numpy(function(cos_theta, **kwargs))


def at(degrees):
    return np.float32([math.cos(math.radians(degrees))])


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
        (cosface_margin, 0.35, 60, 0.15),
        (arcface_margin, math.pi / 6, 60, 0.0),  # cos 90
        (arcface_margin, math.pi / 6, 150, -1.0),  # cos 180
        (arcface_margin, math.pi / 2, 150, -1.5),  # -2 - cos 240
    ],
)
def test_matches_hand_computed_angles(function, margin, degrees, expected):
    np.testing.assert_allclose(
        apply(function, at(degrees), margin), [expected], atol=1e-5
    )


@pytest.mark.parametrize(
    ("factor", "angle_margin", "cosine_margin", "degrees", "expected"),
    [
        (2.0, math.pi / 6, 0.2, 30, -0.2),  # cos 90 - 0.2
        (2.0, 0.0, 0.0, 120, -1.5),  # k = 1: -cos 240 - 2
    ],
)
def test_combined_matches_hand_computed_angles(
    factor, angle_margin, cosine_margin, degrees, expected
):
    found = apply(
        combined_margin,
        at(degrees),
        angle_factor=factor,
        angle_margin=angle_margin,
        cosine_margin=cosine_margin,
    )
    np.testing.assert_allclose(found, [expected], atol=1e-5)


@pytest.mark.parametrize("function", MULTIPLICATIVE_MARGINS)
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
@given(margin=st.floats(0.0, 3.0, width=32))
def test_additive_targets_fall_without_jumps_below_the_cosine(margin):
    for values in (
        apply(cosface_margin, cosines(), margin),
        apply(arcface_margin, cosines(), margin),
        apply(
            combined_margin,
            cosines(),
            angle_factor=1 + margin,
            angle_margin=margin,
            cosine_margin=margin,
        ),
    ):
        steps = np.diff(values)
        assert steps.max() <= 2e-5
        # One step of theta is 0.0008; the angle is multiplied by 4 at most.
        assert steps.min() > -0.0008 * 4.1
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


def test_angle_and_its_gradient_keep_float32_accuracy_near_the_poles():
    near = 1 - np.geomspace(1.1e-5, 1.0, 200)
    cos_theta = np.float32(np.concatenate([near, -near]))
    exact = cos_theta.astype("float64")
    variable = keras.Variable(cos_theta)
    np.testing.assert_allclose(
        ops.convert_to_numpy(angle(ops.convert_to_tensor(cos_theta))),
        np.arccos(exact),
        rtol=1e-6,
    )
    _, (gradient,) = value_and_gradients(
        lambda: ops.sum(angle(ops.convert_to_tensor(variable))), [variable]
    )
    expected = -1 / np.sqrt((1 - exact) * (1 + exact))
    np.testing.assert_allclose(gradient, expected, rtol=2e-6)


def test_angle_is_clipped_and_flat_at_the_poles():
    variable = keras.Variable(np.float32([1.0, -1.0, 1.0000001, -1.0000001]))
    total, (gradient,) = value_and_gradients(
        lambda: ops.sum(angle(ops.convert_to_tensor(variable))), [variable]
    )
    np.testing.assert_allclose(total, 2 * np.pi, rtol=1e-6)
    np.testing.assert_array_equal(gradient, 0)


def test_falling_cosine_is_the_cosine_and_then_goes_on_falling():
    theta = np.linspace(0, 9.4, 5000, dtype="float32")
    values = ops.convert_to_numpy(falling_cosine(ops.convert_to_tensor(theta)))
    inside = theta <= math.pi
    np.testing.assert_allclose(values[inside], np.cos(theta[inside]), atol=1e-6)
    np.testing.assert_allclose(
        values[(theta > math.pi) & (theta < 6.28)],
        -2 - np.cos(theta[(theta > math.pi) & (theta < 6.28)]),
        atol=1e-5,
    )
    assert np.diff(values).max() <= 1e-6
    assert np.diff(values).min() > -0.002


@pytest.mark.parametrize("detach", [True, False])
@pytest.mark.parametrize(
    ("variant", "target", "others"),
    [("v0", -1.5, -0.5), ("v1", -1.0, -0.5), ("v2", -0.5, 0.5)],
)
def test_spherefacer_has_its_margin_in_one_place(
    variant, target, others, detach
):
    # 120 degrees and a margin of 2; the angles of v0, v1 and v2 are above.
    margin = spherefacer_margin(variant=variant, margin=2.0, detach=detach)
    assert margin.detach is detach
    for values, expected in (
        (margin.target_values(at(120)), target),
        (margin.other_values(at(120)), others),
    ):
        np.testing.assert_allclose(
            ops.convert_to_numpy(values), [expected], atol=1e-5
        )


def test_a_margin_of_nothing_leaves_the_cosines():
    margin = Margin()
    assert not margin.detach
    np.testing.assert_array_equal(margin.target_values(at(60)), at(60))
    np.testing.assert_array_equal(margin.other_values(at(60)), at(60))


def test_a_target_takes_the_parameters_of_the_margin():
    margin = Margin(
        target=lambda cos, shift, factor: factor * cos - shift,
        parameters=(np.float32([[0.25], [0.5]]), np.float32(2.0)),
    )
    cos_target = np.float32([[0.5], [1.0]])
    np.testing.assert_array_equal(
        margin.target_values(cos_target), np.float32([[0.75], [1.5]])
    )
    np.testing.assert_array_equal(margin.other_values(cos_target), cos_target)


@pytest.mark.skipif(
    keras.backend.backend() == "jax", reason="JAX says so and raises"
)
def test_only_parameters_have_a_gradient_and_not_what_is_closed_over():
    values = [np.float32([[0.5], [1.0]]), np.float32([[0.25], [0.5]])]
    variables = [keras.Variable(array) for array in (*values, values[1])]

    def total():
        # Multiplied they are tensors, as norms are.
        cos_target, shift, closed = (1.0 * variable for variable in variables)
        margin = Margin(
            lambda cos, shift: cos * cos - shift * closed, parameters=(shift,)
        )
        return ops.sum(margin.target_values(cos_target)) + 0.0 * ops.sum(closed)

    _, gradients = value_and_gradients(total, variables)
    np.testing.assert_allclose(gradients[0], 2 * values[0])
    np.testing.assert_allclose(gradients[1], -values[1])
    np.testing.assert_array_equal(gradients[2], 0)
