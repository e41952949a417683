"""Suppression, held against loops in float64."""

import numpy as np
import pytest

from keras_sphereface.edge.box_suppression import (
    MAX_BOXES,
    Boxes,
    join,
    keep_sure,
    overlaps,
    suppress,
)


def random_boxes(seed, count=60):
    generator = np.random.default_rng(seed)
    start = generator.uniform(0, 100, (count, 2))
    corners = np.concatenate(
        [start, start + generator.uniform(5, 40, (count, 2))], axis=1
    )
    points = generator.uniform(0, 100, (count, 5, 2))
    return Boxes(corners, points, generator.uniform(0.1, 1, count))


def overlap_of(a, b):
    """Intersection over union of two boxes, by hand."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    shared = width * height if width > 0 and height > 0 else 0.0
    area = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (a, b))
    return shared / (area - shared)


def suppressed(boxes, limit):
    """The same answer, box by box."""
    left = sorted(
        zip(*boxes, strict=True), key=lambda box: box[2], reverse=True
    )
    faces = []
    while left:
        best = left[0]
        cluster = [
            box
            for index, box in enumerate(left)
            if index == 0 or overlap_of(best[0], box[0]) > limit
        ]
        left = [box for box in left if not any(box is one for one in cluster)]
        total = sum(box[2] for box in cluster)
        faces.append(
            (
                sum(box[2] * box[0] for box in cluster) / total,
                sum(box[2] * box[1] for box in cluster) / total,
                best[2],
            )
        )
    return faces


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("limit", [0.0, 0.3, 0.7])
def test_faces_are_those_of_a_loop(seed, limit):
    boxes = random_boxes(seed)
    found = suppress(keep_sure(boxes, 0.2), limit)
    sure = boxes.take(boxes.scores >= 0.2)
    expected = suppressed(sure, limit)
    assert len(found.scores) == len(expected)
    for part, values in zip(found, zip(*expected, strict=True), strict=True):
        np.testing.assert_allclose(part, np.stack(values), atol=1e-9)


def test_overlaps_worked_by_hand():
    boxes = np.array(
        [[0, 0, 10, 10], [5, 0, 15, 10], [10, 10, 20, 20], [2, 2, 4, 4.0]]
    )
    found = overlaps(boxes[0], boxes)
    np.testing.assert_allclose(found, [1, 1 / 3, 0, 0.04])


def test_boxes_that_are_none_are_left_out():
    boxes = random_boxes(0, 8)
    boxes.corners[1, 2] = np.nan
    boxes.corners[2] = [5, 5, 5, 9]  # no width
    boxes.corners[3] = [9, 9, 5, 5]
    boxes.points[4, 1, 0] = np.inf
    boxes.scores[5] = np.nan
    boxes.corners[6, 3] = 1e30
    boxes.scores[7] = 0.01
    kept = keep_sure(boxes, 0.05)
    np.testing.assert_array_equal(kept.scores, boxes.scores[:1])


def test_the_surest_come_first_and_are_not_too_many():
    boxes = random_boxes(1, MAX_BOXES + 50)
    kept = keep_sure(boxes, 0.0)
    assert len(kept.scores) == MAX_BOXES
    assert (np.diff(kept.scores) <= 0).all()
    assert kept.scores[0] == boxes.scores.max()


def test_nothing_of_nothing():
    none = random_boxes(2, 0)
    found = suppress(keep_sure(join([none, none]), 0.5))
    assert [part.shape for part in found] == [(0, 4), (0, 5, 2), (0,)]
