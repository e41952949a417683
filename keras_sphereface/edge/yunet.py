"""Reading what YuNet says."""

from collections.abc import Mapping

import numpy as np

from keras_sphereface.edge.box_suppression import Boxes, join

STRIDES = (8, 16, 32)
# Name of an output, and how many numbers it has per cell of its grid.
PARTS = {"cls": 1, "obj": 1, "bbox": 4, "kps": 10}


def decode_yunet(
    outputs: Mapping[str, np.ndarray], size: int, min_score: float
) -> Boxes:
    """Boxes and points in pixels of the network's input.

    Args:
        outputs: dict from `"cls_8"`, `"obj_8"`, `"bbox_8"`, `"kps_8"` and so
            on, for the strides 8, 16 and 32, to float32 arrays, `[1,
            num_cells, 1 | 1 | 4 | 10]`, row by row.
        size: int, height and width of the input, a multiple of 32.
        min_score: float in `(0, 1)`; others are left out.

    Returns:
        `Boxes`, with five points each: left eye, right eye, nose, left and
        right corner of the mouth, as seen in the picture.

    Reference:
        - Wu et al., YuNet: A Tiny Millisecond-level Face Detector, 2023
    """
    found = []
    for stride in STRIDES:
        cls, obj, bbox, kps = (
            outputs[f"{part}_{stride}"][0].astype(np.float64) for part in PARTS
        )
        # That it is a face, and that a face is here.
        scores = np.sqrt(np.clip(cls, 0, 1) * np.clip(obj, 0, 1))[:, 0]
        sure = np.flatnonzero(scores >= min_score)
        row, column = np.divmod(sure, size // stride)
        cell = np.stack([column, row], axis=1)
        middle = (cell + bbox[sure, :2]) * stride
        # A size past any picture is dropped later, as infinity is.
        half = np.exp(np.minimum(bbox[sure, 2:], 20)) * stride / 2
        points = (cell[:, None] + kps[sure].reshape(-1, 5, 2)) * stride
        found.append(
            Boxes(
                np.concatenate([middle - half, middle + half], axis=1),
                points,
                scores[sure],
            )
        )
    return join(found)
