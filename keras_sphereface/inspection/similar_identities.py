"""Identities that an embedder takes for one person."""

import numpy as np

from keras_sphereface.contract import unit_embeddings
from keras_sphereface.inspection.labeled_images import LabeledImages

_BLOCK = 2048


def identity_embeddings(
    faces, embed, *, images_per_identity=5, batch_size=64
) -> np.ndarray:
    """The mean direction of some images of each identity.

    Args:
        faces: a set in any form of `LabeledImages`.
        embed: callable from uint8 `[n, height, width, 3]` to `[n, dim]`.
        images_per_identity: int, at most so many of each. Defaults to `5`.
        batch_size: int. Defaults to `64`.

    Returns:
        float32 array, `[num_classes, dim]`, of length 1; zeros for an identity
        without images.
    """
    faces = LabeledImages.of(faces)
    order = np.argsort(faces.labels, kind="stable")
    labels = faces.labels[order]
    starts = np.searchsorted(labels, np.arange(faces.num_classes))
    rank = np.arange(len(labels)) - starts[labels]
    chosen = order[rank < images_per_identity]
    sums = None
    for start in range(0, len(chosen), batch_size):
        batch = chosen[start : start + batch_size]
        images = np.stack([faces.pixels(i) for i in batch])
        found = unit_embeddings(np.asarray(embed(images), np.float32))
        if sums is None:
            sums = np.zeros((faces.num_classes, found.shape[1]), np.float32)
        np.add.at(sums, faces.labels[batch], found)
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    return sums / np.maximum(lengths, 1e-12)


def similar_identities(
    embeddings, others=None, *, threshold=0.7, limit=1000
) -> list[tuple[int, int, float]]:
    """Pairs of identities whose embeddings are near to each other.

    Args:
        embeddings: float array, `[num_identities, dim]`, of length 1.
        others: float array, `[num_others, dim]`, of another set; `None`
            compares the identities with each other. Defaults to `None`.
        threshold: float, cosine from which a pair is listed. Defaults to
            `0.7`.
        limit: int, the most pairs to list. Defaults to `1000`.

    Returns:
        List of `(identity, other, cosine)`, the most similar first.
    """
    own = others is None
    others = embeddings if own else others
    pairs = []
    for start in range(0, len(embeddings), _BLOCK):
        for other in range(0, len(others), _BLOCK):
            cosine = (
                embeddings[start : start + _BLOCK]
                @ others[other : other + _BLOCK].T
            )
            rows, columns = np.nonzero(cosine >= threshold)
            for row, column in zip(rows, columns, strict=True):
                a, b = start + int(row), other + int(column)
                if not own or a < b:
                    pairs.append((a, b, float(cosine[row, column])))
            pairs = sorted(pairs, key=lambda pair: -pair[2])[:limit]
    return pairs
