"""Images that the sub-centers of a trained head take for somebody else's."""

import numpy as np

from keras_sphereface.contract import ImageError, unit_embeddings
from keras_sphereface.contract.arguments import check_number
from keras_sphereface.data import LeftOutImage
from keras_sphereface.inspection.labeled_images import LabeledImages


def far_images(
    faces, embed, centers, *, largest_angle=75.0, batch_size=64, advance=None
) -> list[LeftOutImage]:
    """Images far from the dominant center of their class.

    A head with `sub_centers` gives wrongly labeled faces a center of their
    own. The dominant one of a class is that to which most of its images are
    nearest; what lies further from it than `largest_angle` is probably another
    person, or no face. Left out, the rest trains a head with one center per
    class: `data.open_faces(folder, leave_out=)`.

    Args:
        faces: a set in any form of `LabeledImages`, with the labels that the
            head was trained on.
        embed: callable from uint8 `[n, height, width, 3]` to `[n, dim]`.
        centers: float array, `[dim, num_classes, sub_centers]`, as
            `head.centers` of a trained head; or `[dim, num_classes]`.
        largest_angle: float in `(0, 180)`, degrees. Defaults to `75.0`.
        batch_size: int. Defaults to `64`.
        advance: function that is told of each further number of images done,
            or `None`. Defaults to `None`.

    Returns:
        List of `data.LeftOutImage`, the farthest first. Images that cannot be
        read are not among them.

    Example:

    ```python
    images = far_images(
        faces, recognizer.embedder.predict_on_batch, recognizer.head.centers
    )
    data.write_left_out("left_out.csv", images)
    ```

    Reference:
        - [Deng et al., 2020](https://www.ecva.net/papers/eccv_2020/papers_ECCV/papers/123560715.pdf)
    """
    largest_angle = check_number(
        "largest_angle", largest_angle, above=0.0, below=180.0
    )
    faces = LabeledImages.of(faces)
    centers = _unit_centers(centers, faces)
    cosines = _cosines(faces, embed, centers, batch_size, advance)
    is_read = ~np.isnan(cosines[:, 0])
    nearest = np.argmax(cosines, axis=1)
    counts = np.zeros(centers.shape[1:], np.int64)
    np.add.at(counts, (faces.labels[is_read], nearest[is_read]), 1)
    dominant = np.argmax(counts, axis=1)[faces.labels]
    rows = np.arange(len(faces))
    angles = np.degrees(np.arccos(np.clip(cosines[rows, dominant], -1.0, 1.0)))
    far = np.flatnonzero(is_read & (angles > largest_angle))
    return [
        LeftOutImage(
            faces.key_of(int(position)),
            int(faces.labels[position]),
            float(angles[position]),
            _reason(
                angles[position],
                faces.identities[faces.labels[position]],
                nearest[position] != dominant[position],
            ),
        )
        for position in far[np.argsort(-angles[far], kind="stable")]
    ]


def _unit_centers(centers, faces):
    centers = np.asarray(centers, np.float32)
    if centers.ndim == 2:
        centers = centers[:, :, None]
    if centers.ndim != 3 or centers.shape[1] != faces.num_classes:
        raise ValueError(
            "`centers` must have shape (embedding_dim, num_classes, "
            f"sub_centers) with the {faces.num_classes} classes of the set. "
            f"Received: centers of shape {centers.shape}"
        )
    lengths = np.linalg.norm(centers, axis=0, keepdims=True)
    return centers / np.maximum(lengths, 1e-12)


def _cosines(faces, embed, centers, batch_size, advance):
    """To each center of the own class; NaN for an image that is none."""
    found = np.full((len(faces), centers.shape[2]), np.nan, np.float32)
    for start in range(0, len(faces), batch_size):
        positions, images = [], []
        stop = min(start + batch_size, len(faces))
        for position in range(start, stop):
            try:
                images.append(faces.pixels(position))
            except (ImageError, OSError):
                continue
            positions.append(position)
        if positions:
            embeddings = np.asarray(embed(np.stack(images)), np.float32)
            own = centers[:, faces.labels[positions]]
            found[positions] = np.einsum(
                "nd,dnk->nk", unit_embeddings(embeddings), own
            )
        if advance is not None:
            advance(stop - start)
    return found


def _reason(angle, identity, has_own_center):
    text = f"{angle:.1f} degrees from the dominant center of {identity}"
    return text + (", near another center" if has_own_center else "")
