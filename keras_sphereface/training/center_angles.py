"""Where faces stand among the centers of a head."""

from typing import Any, NamedTuple

import numpy as np
from keras import ops

from keras_sphereface.callbacks.head_snapshot import angles_to_centers


class CenterAngles(NamedTuple):
    """Angles of faces to the centers, without the margin.

    Attributes:
        target: float64 `[num_faces]`, degrees to the own center.
        nearest: float64 `[num_faces]`, degrees to the nearest other center.
        norms: float64 `[num_faces]`, of the embeddings.
    """

    target: Any
    nearest: Any
    norms: Any


def center_angles(head, embeddings, labels, *, batch_size=64):
    """Measures the angles between embeddings and the centers of a head.

    Args:
        head: `MarginHead`, built, of at least two classes.
        embeddings: array, `(num_faces, embedding_dim)`.
        labels: int array, `(num_faces,)`.
        batch_size: int, faces at a time. Defaults to `64`.

    Returns:
        `CenterAngles`.
    """
    parts = []
    for start in range(0, len(labels), batch_size):
        batch = slice(start, start + batch_size)
        cosines, norms = (
            np.array(ops.convert_to_numpy(tensor), np.float64)
            for tensor in head.cosines(embeddings[batch])
        )
        angles = angles_to_centers(cosines, labels[batch])
        parts.append((*angles, norms[:, 0]))
    return CenterAngles(*map(np.concatenate, zip(*parts, strict=True)))
