"""Faces in any form, as the batch a model takes."""

import os
from collections.abc import Sequence
from typing import cast

import numpy as np
import numpy.typing as npt

from keras_sphereface.contract import FaceInput, align_face, read_image
from keras_sphereface.contract.images import ImageSource

# One image, a batch of them as an array, or several of any form.
ImageSources = ImageSource | Sequence[ImageSource]

_SOURCES = (str, os.PathLike, bytes, bytearray, memoryview)


def read_faces(
    images: ImageSources,
    face_input: FaceInput,
    landmarks: npt.ArrayLike | None = None,
    template: npt.ArrayLike | None = None,
) -> np.ndarray:
    """Reads face crops, or cuts them out of photographs.

    Args:
        images: a path, the bytes of an image file, an array of pixels
            `[height, width, 3]`, a batch `[batch_size, height, width, 3]`, or
            a list of any of the first three.
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
    if isinstance(images, _SOURCES):
        return read_image(images, face_input)[None]
    if isinstance(images, (list, tuple)) and images:
        return np.concatenate(
            [read_faces(image, face_input) for image in images]
        )
    # Pixels, or what `check` refuses.
    return face_input.check(cast("npt.ArrayLike", images))


def _align(
    images: ImageSources,
    face_input: FaceInput,
    landmarks: npt.ArrayLike,
    template: npt.ArrayLike | None,
) -> np.ndarray:
    photographs = cast("Sequence[ImageSource]", images)
    faces = cast("Sequence[npt.ArrayLike]", landmarks)
    if isinstance(images, _SOURCES) or getattr(images, "ndim", None) == 3:
        photographs, faces = [cast("ImageSource", images)], [landmarks]
    if len(photographs) != len(faces) or not len(photographs):
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
