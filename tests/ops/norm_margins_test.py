import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from keras_sphereface.ops import (
    adaface_margin,
    adaface_quality,
    arcface_margin,
    combined_margin,
    cosface_margin,
    falling_cosine,
    magface_angle_margin,
    magface_penalty,
)


def at(degrees):
    return ops.convert_to_tensor(np.float32([math.cos(math.radians(degrees))]))


def cosines():
    theta = np.linspace(0.005, 3.136, 4096, dtype="float32")
    return ops.convert_to_tensor(np.cos(theta))


def number(tensor):
    return float(ops.convert_to_numpy(tensor)[0])


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (cosface_margin(at(60), margin=0.35), 0.15),
        (arcface_margin(at(60), margin=math.pi / 6), 0.0),  # cos 90
        (arcface_margin(at(150), margin=math.pi / 6), -1.0),  # cos 180
        (arcface_margin(at(150), margin=math.pi / 2), -1.5),  # -2 - cos 240
        (
            combined_margin(
                at(30),
                angle_factor=2.0,
                angle_margin=math.pi / 6,
                cosine_margin=0.2,
            ),
            -0.2,  # cos 90 - 0.2
        ),
        (
            combined_margin(
                at(120),
                angle_factor=2.0,
                angle_margin=0.0,
                cosine_margin=0.0,
            ),
            -1.5,  # k = 1: -cos 240 - 2
        ),
        # A mean image: no angle, the whole margin on the cosine.
        (adaface_margin(at(60), margin=0.4, quality=0.0), 0.1),
        # A bad image: the margin on the angle only.
        (adaface_margin(at(60), margin=math.pi / 6, quality=-1.0), 0.0),
        # A good image: the angle turned back, twice the margin off.
        (
            adaface_margin(at(90), margin=math.pi / 6, quality=1.0),
            0.5 - math.pi / 3,  # cos 60 - 2 margin
        ),
        # An angle that would turn below 0 counts as 0.
        (
            adaface_margin(at(10), margin=math.pi / 6, quality=1.0),
            1 - math.pi / 3,
        ),
    ],
)
def test_matches_hand_computed_angles(value, expected):
    assert number(value) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize(
    ("norm", "expected"),
    [(20, 0.0), (26, 0.5), (8, -1.0), (1000, 1.0), (0, -1.0)],
)
def test_quality_is_the_clipped_deviation_of_the_norm(norm, expected):
    quality = adaface_quality(
        ops.convert_to_tensor(np.float32([norm])),
        mean=20.0,
        std=4.0,
        concentration=1 / 3,
        epsilon=0.0,
    )
    assert number(quality) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    ("norm", "margin", "penalty"),
    [
        (10, 0.45, 0.1 + 10 / 12100),
        (60, 0.625, 1 / 60 + 60 / 12100),  # half way
        (110, 0.8, 2 / 110),
        (3, 0.45, 0.1 + 10 / 12100),  # counts as 10
        (500, 0.8, 2 / 110),  # counts as 110
    ],
)
def test_magface_goes_by_the_norm(norm, margin, penalty):
    norms = ops.convert_to_tensor(np.float32([norm]))
    bounds = {"lower_norm": 10.0, "upper_norm": 110.0}
    assert number(
        magface_angle_margin(
            norms, lower_margin=0.45, upper_margin=0.8, **bounds
        )
    ) == pytest.approx(margin, rel=1e-6)
    assert number(magface_penalty(norms, **bounds)) == pytest.approx(
        penalty, rel=1e-6
    )


@settings(deadline=None, max_examples=30)
@given(margin=st.floats(0.0, 3.0, width=32), quality=st.floats(-1, 1, width=32))
def test_targets_fall_without_jumps_below_the_cosine(margin, quality):
    plain = ops.convert_to_numpy(cosines())
    for values in (
        cosface_margin(cosines(), margin=margin),
        arcface_margin(cosines(), margin=margin),
        adaface_margin(cosines(), margin=margin, quality=quality),
        combined_margin(
            cosines(),
            angle_factor=1 + margin,
            angle_margin=margin,
            cosine_margin=margin,
        ),
    ):
        values = ops.convert_to_numpy(values)
        steps = np.diff(values)
        assert steps.max() <= 2e-5
        # One step of theta is 0.0008; the angle is multiplied by 4 at most.
        assert steps.min() > -0.0008 * 4.1
        assert (values <= plain + 2e-5).all()


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
