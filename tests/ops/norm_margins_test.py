import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from keras_sphereface.ops import (
    adaface_margin,
    adaface_quality,
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
def test_adaface_falls_without_jumps_below_the_cosine(margin, quality):
    plain = ops.convert_to_numpy(cosines())
    values = adaface_margin(cosines(), margin=margin, quality=quality)
    values = ops.convert_to_numpy(values)
    steps = np.diff(values)
    assert steps.max() <= 2e-5
    # One step of theta is 0.0008, and no slope is steeper than 1.
    assert steps.min() > -0.0008 * 1.1
    assert (values <= plain + 2e-5).all()
