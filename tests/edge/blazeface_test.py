"""Anchors and decoding, held against loops in float64."""

import math

import numpy as np
import pytest

from keras_sphereface.contract import FIVE_POINT_TEMPLATE
from keras_sphereface.edge.blazeface import (
    anchor_centers,
    decode_blazeface,
    five_of_six_points,
)

# Eyes, nose, mouth and ears in a crop of 112.
MEAN_FACE = np.array(
    [
        [37.5, 53.5],
        [73.5, 53.5],
        [55.5, 76.5],
        [55.5, 92.5],
        [18, 59],
        [94, 59],
    ]
)


def looped_anchors(size, layout):
    """Row by row, cell by cell, each as often as it has anchors."""
    found = []
    for stride, count in layout:
        cells = -(-size // stride)
        for row in range(cells):
            for column in range(cells):
                for _ in range(count):
                    found.append(
                        (
                            (column + 0.5) * size / cells,
                            (row + 0.5) * size / cells,
                        )
                    )
    return found


@pytest.mark.parametrize(
    ("size", "count", "layout"),
    [(128, 896, ((8, 2), (16, 6))), (192, 2304, ((4, 1),))],
)
def test_anchors_are_the_middles_of_cells(size, count, layout):
    found = anchor_centers(size, count)
    expected = looped_anchors(size, layout)
    assert len(expected) == count
    np.testing.assert_allclose(found, expected)


def test_a_number_of_boxes_that_no_grid_has_has_no_anchors():
    for size, count in ((128, 895), (128, 2304), (192, 896), (256, 896)):
        assert anchor_centers(size, count) is None


def test_decoding_is_that_of_a_loop():
    generator = np.random.default_rng(0)
    anchors = anchor_centers(128, 896)
    regressors = generator.normal(0, 20, (896, 16)).astype(np.float32)
    logits = generator.normal(0, 4, 896).astype(np.float32)
    found = decode_blazeface(regressors, logits, anchors, 0.6)
    row = 0
    for values, logit, anchor in zip(
        regressors.tolist(), logits.tolist(), anchors.tolist(), strict=True
    ):
        score = 1 / (1 + math.exp(-logit))
        if score < 0.6:
            continue
        x, y = anchor[0] + values[0], anchor[1] + values[1]
        width, height = values[2:4]
        np.testing.assert_allclose(
            found.corners[row],
            [x - width / 2, y - height / 2, x + width / 2, y + height / 2],
            atol=1e-6,
        )
        for point in range(6):
            np.testing.assert_allclose(
                found.points[row, point],
                [
                    anchor[axis] + values[4 + 2 * point + axis]
                    for axis in (0, 1)
                ],
                atol=1e-6,
            )
        assert found.scores[row] == pytest.approx(score, abs=1e-12)
        row += 1
    assert row == len(found.scores) > 50


def test_logits_past_all_bounds_are_scores_still():
    logits = np.float32([np.inf, 1e30, 200, -1e30, -np.inf, np.nan])
    regressors, anchors = np.zeros((6, 16), np.float32), np.zeros((6, 2))
    found = decode_blazeface(regressors, logits, anchors, 0.5)
    np.testing.assert_allclose(found.scores, [1, 1, 1], atol=1e-12)


def test_a_turned_face_gives_the_five_points_of_the_upright_one_turned():
    upright = MEAN_FACE.copy()
    # The mean face: its five points are the template.
    np.testing.assert_allclose(
        five_of_six_points(upright[None])[0], FIVE_POINT_TEMPLATE, atol=1e-5
    )
    c, s = 3 * math.cos(2.1), 3 * math.sin(2.1)
    turn, shift = np.array([[c, -s], [s, c]]), np.array([200, -31])
    found = five_of_six_points((upright @ turn.T + shift)[None])
    expected = FIVE_POINT_TEMPLATE @ turn.T + shift
    np.testing.assert_allclose(found[0], expected, atol=1e-4)


def test_a_moved_nose_moves_the_nose():
    upright = MEAN_FACE.copy()
    upright[2, 0] += 6  # it looks aside
    found = five_of_six_points(upright[None])[0]
    move = found - FIVE_POINT_TEMPLATE
    assert move[2, 0] == pytest.approx(6, abs=0.6)
    assert np.abs(np.delete(move, 2, 0)).max() < 0.6
