"""Reading what a network of the BlazeFace kind says."""

import math

import numpy as np

from keras_sphereface.contract import FIVE_POINT_TEMPLATE
from keras_sphereface.edge.box_suppression import Boxes

# One anchor per cell of a fine grid, or two and six on two coarser ones: the
# anchors say which of MediaPipe's networks a file holds.
_GRIDS = {"full range": ((4, 1),), "short range": ((8, 2), (16, 6))}
NUM_POINTS = 6  # eyes, tip of the nose, middle of the mouth, ears
NUM_VALUES = 4 + 2 * NUM_POINTS
_MAX_LOGIT = 100.0
# Where its eyes, tip of the nose and middle of the mouth lie on average in
# crops whose five points are those of the contract's template; measured, to
# half a pixel of 112.
_MEAN_POINTS = ((37.5, 53.5), (73.5, 53.5), (55.5, 76.5), (55.5, 92.5))
_PLANE = np.array([1, 1j])  # points as complex numbers, x + iy
_MEANS = np.array(_MEAN_POINTS) @ _PLANE
_TEMPLATE = _MEANS - _MEANS.mean()
_MOVES = FIVE_POINT_TEMPLATE.astype(np.float64) @ _PLANE
_MOVES = _MOVES - _MEANS[[0, 1, 2, 3, 3]]


def anchor_centers(size: int, num_anchors: int) -> np.ndarray | None:
    """Where the boxes of a network are counted from.

    Args:
        size: int, height and width of its input, such as 128 or 192.
        num_anchors: int, how many boxes it gives.

    Returns:
        float32 array, `[num_anchors, 2]`, x and y from the upper left corner in
        pixels of the input; `None` if no network of this kind has so many.
    """
    for grids in _GRIDS.values():
        cells = [math.ceil(size / stride) for stride, _ in grids]
        counts = [count for _, count in grids]
        total = sum(
            cell * cell * count
            for cell, count in zip(cells, counts, strict=True)
        )
        if total == num_anchors:
            return np.concatenate(
                [
                    _grid(size, cell, count)
                    for cell, count in zip(cells, counts, strict=True)
                ]
            )
    return None


def _grid(size: int, cells: int, count: int) -> np.ndarray:
    middles = (np.arange(cells) + 0.5) * (size / cells)
    y, x = np.meshgrid(middles, middles, indexing="ij")
    centers = np.stack([x.ravel(), y.ravel()], axis=1)
    return np.repeat(centers, count, axis=0).astype(np.float32)


def decode_blazeface(
    regressors: np.ndarray,
    logits: np.ndarray,
    anchors: np.ndarray,
    min_score: float,
) -> Boxes:
    """Boxes and points in pixels of the network's input.

    Args:
        regressors: float32, `[num_anchors, 16]`: offset of the box's middle,
            its width and height, and offsets of six points, in pixels.
        logits: float32, `[num_anchors]`.
        anchors: float32, `[num_anchors, 2]`, of `anchor_centers`.
        min_score: float in `(0, 1)`; others are left out before anything is
            computed of them.

    Returns:
        `Boxes`, with six points each, in the order of the anchors.
    """
    least = math.log(min_score / (1 - min_score))
    sure = np.flatnonzero(logits >= least)
    values = regressors[sure].astype(np.float64)
    origin = anchors[sure].astype(np.float64)
    middle, half = origin + values[:, :2], values[:, 2:4] / 2
    points = values[:, 4:NUM_VALUES].reshape(-1, NUM_POINTS, 2)
    clipped = np.clip(logits[sure].astype(np.float64), None, _MAX_LOGIT)
    return Boxes(
        np.concatenate([middle - half, middle + half], axis=1),
        points + origin[:, None],
        1 / (1 + np.exp(-clipped)),
    )


def five_of_six_points(points: np.ndarray) -> np.ndarray:
    """The contract's five points from those of a network of this kind.

    What it calls eyes, nose and mouth lies a little beside what detectors of
    five points call so, on whose points crops are aligned. Each point is
    moved by that difference, in the size and the direction of the face;
    the corners of the mouth stand beside its middle as in the template.

    Args:
        points: float, `[num_faces, 6, 2]`: left eye, right eye, tip of the
            nose, middle of the mouth, ears, as seen in the picture.

    Returns:
        float64 array, `[num_faces, 5, 2]`: left eye, right eye, nose, left and
        right corner of the mouth.
    """
    z = points[:, :4].astype(np.float64) @ _PLANE
    centered = z - z.mean(1, keepdims=True)
    # The similarity from the template to each face.
    a = centered @ _TEMPLATE.conj() / np.sum(np.abs(_TEMPLATE) ** 2)
    five = z[:, [0, 1, 2, 3, 3]] + a[:, None] * _MOVES
    return np.stack([five.real, five.imag], axis=-1)
