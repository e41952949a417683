"""What a head makes of the same faces, epoch after epoch."""

from typing import Any, NamedTuple

import numpy as np
from keras import ops

from keras_sphereface.backend import gradients


class HeadSnapshot(NamedTuple):
    """Numbers of a head on a set of faces.

    Attributes:
        epoch: int, counted from 1.
        target_angles: degrees to the right center, `(num_faces,)`.
        nearest_angles: degrees to the nearest other center, `(num_faces,)`.
        norms: of the embeddings, `(num_faces,)`.
        past_margin: float in `[0, 1]`, the share of faces whose margined logit
            is the largest of their row.
        center_gradients: norm of the gradient of the mean loss for each
            center, `(num_classes,)`.
        margin_effect: float, the largest change that the margin makes to a
            cosine.
        logit_scale: float, median of what cosines are multiplied by.
        largest_component: float, of any embedding; NaN if one is not finite.
    """

    epoch: int
    target_angles: Any
    nearest_angles: Any
    norms: Any
    past_margin: float
    center_gradients: Any
    margin_effect: float
    logit_scale: float
    largest_component: float


def take_snapshot(head, embeddings, labels, *, batch_size, epoch):
    """Looks at a head through a set of faces.

    Args:
        head: `MarginHead`, built.
        embeddings: array, `(num_faces, embedding_dim)`.
        labels: int array, `(num_faces,)`.
        batch_size: int, faces that the head sees at once.
        epoch: int, counted from 1.

    Returns:
        `HeadSnapshot`.
    """
    embeddings = np.asarray(embeddings, "float32")
    labels = np.asarray(labels, "int32")
    parts, center_gradient = [], 0.0
    for start in range(0, len(labels), batch_size):
        rows = slice(start, start + batch_size)
        part, gradient = _look(head, embeddings[rows], labels[rows])
        parts.append(part)
        center_gradient += gradient * (len(part["norms"]) / len(labels))
    joined = {
        name: np.concatenate([part[name] for part in parts])
        for name in parts[0]
    }
    axes = (0, *range(2, center_gradient.ndim))
    return HeadSnapshot(
        epoch,
        joined["target_angles"],
        joined["nearest_angles"],
        joined["norms"],
        float(joined["is_past_margin"].mean()),
        np.sqrt((center_gradient**2).sum(axis=axes)),
        float(joined["margin_effects"].max()),
        float(np.median(joined["logit_scales"])),
        float(joined["components"].max()),
    )


def _look(head, embeddings, labels):
    outputs = head.compute_outputs(embeddings, labels)
    norms = outputs.norms[:, None]
    cos_theta = outputs.cos_theta
    margined = head.margined_cosines(cos_theta, outputs.labels, norms)
    cosines, margined = (
        np.array(ops.convert_to_numpy(tensor), "float64")
        for tensor in (cos_theta, margined)
    )
    scales = ops.convert_to_numpy(
        head.logit_scale(norms) * ops.ones_like(norms)
    )

    def mean_loss():
        again = head.compute_outputs(embeddings, labels)
        return ops.mean(again.losses)

    (gradient,) = gradients(mean_loss, [head.centers])
    target_angles, nearest_angles = angles_to_centers(cosines, labels)
    part = {
        "target_angles": target_angles,
        "nearest_angles": nearest_angles,
        "norms": ops.convert_to_numpy(outputs.norms),
        "is_past_margin": ops.convert_to_numpy(outputs.is_past_margin),
        "margin_effects": np.abs(margined - cosines).max(axis=1),
        "logit_scales": scales[:, 0],
        "components": np.abs(embeddings).max(axis=1),
    }
    return part, np.array(ops.convert_to_numpy(gradient), "float64")


def angles_to_centers(cosines, labels):
    """Angles to the right center and to the nearest other one.

    Args:
        cosines: float64 array, `(num_faces, num_classes)`.
        labels: int array, `(num_faces,)`.

    Returns:
        Tuple of float64 arrays, `(num_faces,)`, degrees. A class alone is its
        own nearest one.
    """
    rows = np.arange(len(labels))
    others = cosines.copy()
    if cosines.shape[1] > 1:
        others[rows, labels] = -np.inf
    return _degrees(cosines[rows, labels]), _degrees(others.max(axis=1))


def _degrees(cosines):
    return np.degrees(np.arccos(np.clip(cosines, -1.0, 1.0)))
