import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from keras_sphereface.ops import (
    adjusted_similarity,
    sphereface2_bias,
    sphereface2_margin,
)


def sigmoid(z):
    return 1 / (1 + math.exp(-z)) if z > 0 else math.exp(z) / (1 + math.exp(z))


def similarity(degrees, power):
    return 2 * ((math.cos(math.radians(degrees)) + 1) / 2) ** power - 1


@settings(deadline=None, max_examples=60)
@given(
    variant=st.sampled_from("CAM"),
    num_classes=st.sampled_from([2, 3, 10, 10572, 1_000_000]),
    scale=st.floats(1.0, 64.0),
    positive_weight=st.floats(0.05, 0.95),
    power=st.floats(1.0, 4.0),
)
def test_bias_balances_positives_and_negatives_at_90_degrees(
    variant, num_classes, scale, positive_weight, power
):
    margin = {"C": 0.4, "A": 0.5, "M": 1.7}[variant]
    bias = sphereface2_bias(
        num_classes,
        variant=variant,
        margin=margin,
        scale=scale,
        power=power,
        positive_weight=positive_weight,
    )
    target, other = {
        "C": (similarity(90, power) - 0.4, similarity(90, power) + 0.4),
        "A": (similarity(90 + math.degrees(0.5), power), similarity(90, power)),
        "M": (similarity(90 * 1.7, power), similarity(90, power)),
    }[variant]
    pull = positive_weight * sigmoid(-(scale * target + bias))
    push = (1 - positive_weight) * (num_classes - 1)
    push *= sigmoid(scale * other + bias)
    assert math.log(pull) == pytest.approx(math.log(push), abs=1e-6)


@pytest.mark.parametrize(
    ("cosine", "power", "expected"),
    [(1, 3, 1), (0, 3, -0.75), (-1, 3, -1), (0, 1, 0), (0.5, 2, 0.125)],
)
def test_similarity_is_spread_by_the_power(cosine, power, expected):
    value = adjusted_similarity(
        ops.convert_to_tensor(np.float32([cosine])), power=power
    )
    assert float(ops.convert_to_numpy(value)[0]) == pytest.approx(
        expected, abs=1e-6
    )


@pytest.mark.parametrize("detach", [True, False])
@pytest.mark.parametrize(
    ("variant", "margin", "target", "other"),
    [
        ("C", 0.4, -0.75 - 0.4, -0.75 + 0.4),  # g(cos 90) = -0.75
        ("A", math.pi / 6, 2 * 0.25**3 - 1, -0.75),  # g(cos 120)
        ("A", 2.0, -1.0, -0.75),  # past 180 it stays there
        ("M", 4 / 3, 2 * 0.25**3 - 1, -0.75),  # g(cos 120)
        ("M", 2.5, -1.0, -0.75),  # past 180 it stays there
    ],
)
def test_margins_stand_on_similarities(variant, margin, target, other, detach):
    found = sphereface2_margin(
        variant=variant, margin=margin, power=3.0, detach=detach
    )
    right_angle = ops.convert_to_tensor(np.float32([[0.0]]))
    assert found.detach is detach
    for values, expected in (
        (found.target_values(right_angle), target),
        (found.other_values(right_angle), other),
    ):
        np.testing.assert_allclose(
            ops.convert_to_numpy(values), [[expected]], atol=1e-5
        )
