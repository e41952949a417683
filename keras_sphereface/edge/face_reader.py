"""Faces in any form, as the batch a model takes."""

from collections.abc import Sequence
from typing import cast

import numpy as np
import numpy.typing as npt

from keras_sphereface.contract import (
    FaceInput,
    align_face,
    list_images,
    read_image,
    read_images,
)
from keras_sphereface.contract.image_sources import Images


def read_faces(
    images: Images,
    face_input: FaceInput,
    landmarks: npt.ArrayLike | None = None,
    template: npt.ArrayLike | None = None,
) -> np.ndarray:
    """Reads face crops, or cuts them out of photographs.

    Args:
        images: one image or several, in any form of `contract.list_images`.
        face_input: `FaceInput` of the model.
        landmarks: `[5, 2]`, x and y in pixels of eyes, nose and corners of the
            mouth in one photograph of any size, or `[batch_size, 5, 2]`; see
            `contract.align_face`. Defaults to `None`: the images are aligned
            crops.
        template: `[5, 2]`, where the landmarks come to lie, the manifest's
            `alignment`. Defaults to `None`, the usual one.

    Returns:
        uint8 or float32, `[batch_size, height, width, 3]`.
    """
    if landmarks is not None:
        return _align(images, face_input, landmarks, template)
    return read_images("images", images, face_input)


def _align(
    images: Images,
    face_input: FaceInput,
    landmarks: npt.ArrayLike,
    template: npt.ArrayLike | None,
) -> np.ndarray:
    photographs = list_images("images", images)
    faces = cast("Sequence[npt.ArrayLike]", landmarks)
    # The points of one face stand alone, as its image does.
    if len(faces) and np.ndim(faces[0]) == 1:
        faces = [landmarks]
    if len(photographs) != len(faces):
        raise ValueError(
            "`landmarks` must be five points per image. "
            f"Received: landmarks of {len(faces)} faces for "
            f"{len(photographs)} images"
        )
    size = (face_input.height, face_input.width)
    return np.stack(
        [
            align_face(read_image(image), points, size, template)
            for image, points in zip(photographs, faces, strict=True)
        ]
    )
