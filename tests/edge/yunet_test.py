"""Decoding, held against a loop in float64."""

import math

import numpy as np
import pytest

from keras_sphereface.edge.yunet import PARTS, STRIDES, decode_yunet


def random_outputs(size):
    generator = np.random.default_rng(3)
    outputs = {}
    for stride in STRIDES:
        cells = (size // stride) ** 2
        for part, values in PARTS.items():
            numbers = generator.normal(0, 1, (1, cells, values))
            if part in ("cls", "obj"):
                numbers = generator.uniform(-0.1, 1.1, (1, cells, values))
            outputs[f"{part}_{stride}"] = numbers.astype(np.float32)
    return outputs


def test_decoding_is_that_of_a_loop():
    outputs = random_outputs(96)
    found = decode_yunet(outputs, 96, 0.7)
    row = 0
    for stride in STRIDES:
        columns = 96 // stride
        for cell in range(columns * columns):
            cls, obj, bbox, kps = (
                outputs[f"{part}_{stride}"][0, cell].tolist() for part in PARTS
            )
            both = [min(max(value, 0.0), 1.0) for value in (cls[0], obj[0])]
            score = math.sqrt(both[0] * both[1])
            if score < 0.7:
                continue
            across, down = cell % columns, cell // columns
            x, y = (across + bbox[0]) * stride, (down + bbox[1]) * stride
            width, height = (math.exp(value) * stride for value in bbox[2:])
            np.testing.assert_allclose(
                found.corners[row],
                [x - width / 2, y - height / 2, x + width / 2, y + height / 2],
                rtol=1e-6,
                atol=1e-6,
            )
            expected = [
                [(across + point[0]) * stride, (down + point[1]) * stride]
                for point in np.reshape(kps, (5, 2))
            ]
            np.testing.assert_allclose(found.points[row], expected, atol=1e-4)
            assert found.scores[row] == pytest.approx(score, abs=1e-6)
            row += 1
    assert row == len(found.scores) > 20


def test_sizes_past_all_bounds_overflow_nowhere():
    outputs = random_outputs(32)
    for stride in STRIDES:
        outputs[f"bbox_{stride}"][..., 2:] = 1e30
    with np.errstate(over="raise"):
        found = decode_yunet(outputs, 32, 0.1)
    assert np.isfinite(found.corners).all()
