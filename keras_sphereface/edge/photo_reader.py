"""Faces of photographs and of crops, as the batch a model takes."""

import os
from collections.abc import Callable
from typing import NamedTuple, cast

import numpy as np
import numpy.typing as npt

from keras_sphereface.contract import (
    FaceInput,
    ImageError,
    StoredImages,
    align_face,
    list_images,
    read_image,
)
from keras_sphereface.contract.image_sources import Images
from keras_sphereface.contract.images import PATH_TYPES, ImageSource
from keras_sphereface.edge.detected_face import DetectedFace, choose_face
from keras_sphereface.edge.face_detector import FaceDetector
from keras_sphereface.edge.face_reader import read_faces

# A path, a `FaceDetector`, or a function from uint8 `[height, width, 3]` to a
# list of `DetectedFace`, as `alignment`'s detectors are.
FindFaces = Callable[[np.ndarray], list[DetectedFace]]
Detector = str | os.PathLike | FaceDetector | FindFaces


class NoFaceError(ImageError):
    """A photograph without a face in it."""


class ReadFaces(NamedTuple):
    """Crops, and where they come from.

    Attributes:
        batch: uint8 or float32, `[num_faces, height, width, 3]`.
        faces: tuple of `num_faces`: the `DetectedFace` in the photograph, or
            `None` of a crop and of landmarks that the caller gave.
    """

    batch: np.ndarray
    faces: tuple[DetectedFace | None, ...]


class PhotoReader:
    """Reads crops as they are, and cuts faces out of photographs.

    Args:
        face_input: `FaceInput` of the model. An image of this very size is an
            aligned crop; every other is a photograph, if there is a detector.
        template: `[5, 2]`, the manifest's `alignment`, or `None`.
        detector: `Detector`, or `None`: only crops are read, and photographs
            of which the landmarks are given.
        threads: int, for a detector that is a path, or `None`.
    """

    def __init__(
        self,
        face_input: FaceInput,
        template: npt.ArrayLike | None,
        detector: Detector | None,
        threads: int | None,
    ) -> None:
        self._input, self._template = face_input, template
        if isinstance(detector, str | os.PathLike):
            detector = FaceDetector(detector, threads=threads)
        if detector is not None and not callable(detector):
            raise ValueError(
                "`detector` must be the path of a detector's file, a "
                "FaceDetector, or a function from an image to DetectedFaces. "
                f"Received: detector={detector!r}"
            )
        self.detector = detector

    def read(
        self,
        name: str,
        images: Images,
        landmarks: npt.ArrayLike | None = None,
    ) -> ReadFaces:
        """One face per image: of several, the most prominent.

        Args:
            name: str, what an error calls the argument.
            images: one image or several, in any form of `list_images`.
            landmarks: `[5, 2]` or `[num_images, 5, 2]`, see `read_faces`.
                Defaults to `None`.

        Returns:
            `ReadFaces`.

        Raises:
            NoFaceError: a photograph has no face; the message names it.
        """
        if landmarks is not None or self.detector is None:
            batch = read_faces(images, self._input, landmarks, self._template)
            return ReadFaces(batch, (None,) * len(batch))
        sources = list_images(name, images)
        crops, faces = [], []
        for index, source in enumerate(sources):
            called = name if len(sources) == 1 else f"{name}[{index}]"
            if isinstance(sources, StoredImages):
                called = sources.name_of(index)
            crop, face = self._read_one(called, source)
            crops.append(crop)
            faces.append(face)
        return ReadFaces(np.stack(crops), tuple(faces))

    def read_all(self, name: str, photo: ImageSource) -> ReadFaces:
        """Every face of one photograph.

        Args:
            name: str, what an error calls the argument.
            photo: a path, the bytes of an image file, or uint8 pixels
                `[height, width, 3]`.

        Returns:
            `ReadFaces`, perhaps of no face.
        """
        if self.detector is None:
            raise ValueError(
                f"`{name}` can be searched for faces by a verifier that has a "
                "`detector`. Received: detector=None"
            )
        image = _read(name, photo)
        crops, faces = [], []
        for face in self.detector(image):
            try:
                crops.append(self._align(image, face))
            except ValueError:  # its points are none of a face
                continue
            faces.append(face)
        empty = np.zeros((0, *self._input.shape), np.uint8)
        return ReadFaces(np.stack(crops) if crops else empty, tuple(faces))

    def _read_one(
        self, name: str, source: ImageSource
    ) -> tuple[np.ndarray, DetectedFace | None]:
        if _has_size(source, self._input):
            return self._input.check(cast(np.ndarray, source))[0], None
        image = _read(name, source)
        if _has_size(image, self._input):
            return image, None
        if isinstance(self.detector, FaceDetector):
            face = self.detector.find_one(image)
        else:
            assert self.detector is not None
            face = choose_face(self.detector(image), image.shape[:2])
        rows, columns = image.shape[:2]
        seen = f"`{name}`, {columns}x{rows} pixels"
        if isinstance(source, PATH_TYPES):
            seen += f", {os.fspath(source)}"
        if face is None:
            raise NoFaceError(
                "There is no face in the photograph that the detector can "
                "find: it may be too small, too dark, turned away or cut by "
                f"the edge. Received: {seen}"
            )
        try:
            return self._align(image, face), face
        except ValueError as error:
            raise NoFaceError(
                "What the detector found in the photograph does not resemble "
                f"a face. Received: {seen}"
            ) from error

    def _align(self, image: np.ndarray, face: DetectedFace) -> np.ndarray:
        size = (self._input.height, self._input.width)
        return align_face(image, face.landmarks, size, self._template)


def _has_size(image: ImageSource, face_input: FaceInput) -> bool:
    return isinstance(image, np.ndarray) and image.shape == face_input.shape


def _read(name: str, source: ImageSource) -> np.ndarray:
    try:
        return read_image(source)
    except ImageError as error:
        # A file is named in the message already.
        if isinstance(source, PATH_TYPES):
            raise
        raise ImageError(f"{name}: {error}") from error
