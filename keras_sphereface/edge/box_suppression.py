"""Many boxes around one face into one."""

from typing import NamedTuple

import numpy as np

# The most boxes that are compared; past it only a broken network finds more.
MAX_BOXES = 1024
# Farther out, in pixels, nothing can be meant, and areas would overflow.
_FARTHEST = 1e6


class Boxes(NamedTuple):
    """What a network finds, before and after suppression.

    Attributes:
        corners: float array, `[num_boxes, 4]`: x and y of the upper left and of
            the lower right corner.
        points: float array, `[num_boxes, num_points, 2]`, x and y.
        scores: float array, `[num_boxes]`.
    """

    corners: np.ndarray
    points: np.ndarray
    scores: np.ndarray

    def take(self, index: np.ndarray) -> "Boxes":
        """Some of the boxes.

        Args:
            index: int or bool array.

        Returns:
            `Boxes`.
        """
        return Boxes(*(part[index] for part in self))


def join(several: list[Boxes]) -> Boxes:
    """The boxes of several views as one list.

    Args:
        several: list of `Boxes` of as many points, at least one.

    Returns:
        `Boxes`.
    """
    return Boxes(
        *(np.concatenate(parts) for parts in zip(*several, strict=True))
    )


def keep_sure(boxes: Boxes, min_score: float) -> Boxes:
    """Boxes of a score, with an area and of sane numbers, the surest first.

    Args:
        boxes: `Boxes`.
        min_score: float; boxes below it are left out.

    Returns:
        `Boxes`, at most `MAX_BOXES`.
    """
    sure = np.flatnonzero(boxes.scores >= min_score)
    boxes = boxes.take(sure)
    sizes = boxes.corners[:, 2:] - boxes.corners[:, :2]
    right = np.isfinite(boxes.scores) & (sizes > 0).all(1)
    right &= (np.abs(boxes.corners) < _FARTHEST).all(1)
    right &= (np.abs(boxes.points) < _FARTHEST).all((1, 2))
    boxes = boxes.take(right)
    order = np.argsort(-boxes.scores, kind="stable")[:MAX_BOXES]
    return boxes.take(order)


def suppress(boxes: Boxes, min_overlap: float = 0.3) -> Boxes:
    """Weighted non-maximum suppression.

    Of the boxes that are left, the surest one and all that overlap with it
    are one face. Its box and points are their means, weighted by score, which
    lie steadier than those of the surest box alone; its score is the highest.

    Args:
        boxes: `Boxes`, the surest first.
        min_overlap: float in `[0, 1]`, intersection over union; boxes above
            it are of one face. Defaults to `0.3`.

    Returns:
        `Boxes`, one per face, the surest first.

    Reference:
        - [Bazarevsky et al., 2019](https://arxiv.org/abs/1907.05047)
    """
    found = []
    while len(boxes.scores):
        same = overlaps(boxes.corners[0], boxes.corners) > min_overlap
        same[0] = True
        cluster = boxes.take(same)
        weights = cluster.scores / cluster.scores.sum()
        found.append(
            Boxes(
                weights @ cluster.corners,
                np.tensordot(weights, cluster.points, 1),
                cluster.scores[0],
            )
        )
        boxes = boxes.take(~same)
    if not found:
        return boxes
    return Boxes(*(np.stack(parts) for parts in zip(*found, strict=True)))


def overlaps(box: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Intersection over union of a box with each of several.

    Args:
        box: float, `[4]`, two corners.
        boxes: float, `[num_boxes, 4]`.

    Returns:
        Float array, `[num_boxes]`, in `[0, 1]`.
    """
    low = np.maximum(box[:2], boxes[:, :2])
    high = np.minimum(box[2:], boxes[:, 2:])
    shared = np.maximum(high - low, 0).prod(1)
    areas = (boxes[:, 2:] - boxes[:, :2]).prod(1)
    return shared / (areas + (box[2:] - box[:2]).prod() - shared)
