"""A face that was found, looked at once more: upright, close, in the middle."""

import os
from collections.abc import Callable

import numpy as np

from keras_sphereface.contract.picture_view import PictureView
from keras_sphereface.edge.box_suppression import keep_sure, suppress
from keras_sphereface.edge.detected_face import DetectedFace
from keras_sphereface.edge.face_networks import FaceNetwork
from keras_sphereface.edge.landmark_network import LandmarkNetwork

# In crops of 112: the middle of a view, and the sides of several, whose means
# lie steadier than the points of one.
_MIDDLE = (55.5, 60.0)
_SIDES = (180.0, 224.0)
# The least score of a face that is there: the second time it need not be as
# sure, and a mesh fits on nothing else as well.
_MIN_SCORE = 0.25
_MIN_PRESENCE = 0.1
# Farther than so many pixels of the crop from where it was, it is another one.
_MAX_MOVE = 30.0


class SecondLook:
    """Moves the points of faces to where they lie when looked at closely.

    Args:
        network: `FaceNetwork` that found them.
        landmarks_path: path of MediaPipe's `face_landmark.tflite`, or `None`:
            the network looks again itself.
        threads: int, at least 1, or `None` for the runtime's own choice.

    Call arguments:
        image: uint8, `[height, width, 3]`, RGB.

    Returns:
        When called: a function from a `DetectedFace` to one with steadier
        points, or to `None` where a close look shows no face.
    """

    def __init__(
        self,
        network: FaceNetwork,
        landmarks_path: str | os.PathLike | None,
        threads: int | None,
    ) -> None:
        self._network = network
        self._mesh = None
        if landmarks_path is not None:
            self._mesh = LandmarkNetwork(landmarks_path, threads)

    def __call__(
        self, image: np.ndarray
    ) -> Callable[[DetectedFace], DetectedFace | None]:
        look = self._by_detector if self._mesh is None else self._by_mesh

        def look_at(face: DetectedFace) -> DetectedFace | None:
            try:
                landmarks = look(image, face)
            except ValueError:  # points that are none of a face
                return None
            if landmarks is None:
                return None
            return face._replace(landmarks=landmarks)

        return look_at

    def _by_mesh(
        self, image: np.ndarray, face: DetectedFace
    ) -> np.ndarray | None:
        assert self._mesh is not None
        landmarks, score = self._mesh.find(image, face)
        return landmarks if score >= _MIN_PRESENCE else None

    def _by_detector(
        self, image: np.ndarray, face: DetectedFace
    ) -> np.ndarray | None:
        network, landmarks, found = self._network, face.landmarks, []
        for side in _SIDES:
            view = PictureView.around(landmarks, _MIDDLE, side)
            pixels = view.cut(image, network.size)
            boxes = network.find(pixels, _MIN_SCORE)
            boxes = suppress(keep_sure(boxes, _MIN_SCORE))
            points = view.to_picture(boxes.points, network.size)
            moves = np.abs(points - landmarks).max((1, 2), initial=0)
            near = moves * side / view.side <= _MAX_MOVE
            if near.any():
                found.append(points[near][np.argmin(moves[near])])
        return np.mean(found, axis=0) if found else None
