"""MediaPipe's face mesh, for five points that lie steadier."""

import math
import os

import numpy as np

from keras_sphereface.contract.picture_view import PictureView
from keras_sphereface.edge.artifact_file import ModelFileError
from keras_sphereface.edge.detected_face import DetectedFace
from keras_sphereface.edge.face_networks import open_network

_NUM_POINTS = 468
# Of the mesh: the rims of both eyes, the nose, the corners of the mouth.
_RIMS = (
    (33, 133, 159, 145, 158, 153, 160, 144),
    (263, 362, 386, 374, 385, 380, 387, 373),
)
_FIVE = (*_RIMS, (4,), (61,), (291,))
# The side of what the network is shown, in sides of the face's box.
_REACH = 1.5
# As far as this, in sides of the view, in its logarithm and in degrees, it may
# be beside the view that it should be shown.
_MAX_MOVE, _MAX_SCALE, _MAX_TURN = 0.06, 0.15, 8.0
_MAX_LOOKS = 3
# A mesh that reaches farther, in sides of the view, is none.
_FARTHEST = 10


class LandmarkNetwork:
    """`face_landmark.tflite`: 468 points on one face.

    Args:
        path: path of the `.tflite` file.
        threads: int, at least 1, or `None` for the runtime's own choice.

    Reference:
        - [Kartynnik et al., 2019](https://arxiv.org/abs/1907.06724)
    """

    def __init__(self, path: str | os.PathLike, threads: int | None) -> None:
        self._network = network = open_network("landmarks_path", path, threads)
        shapes = list(network.inputs.values())
        by_values = {
            int(np.prod(shape)): name
            for name, shape in network.outputs.items()
            if all(isinstance(size, int) for size in shape)
        }
        size = shapes[0][1] if shapes and len(shapes[0]) == 4 else 0
        if (
            len(shapes) != 1
            or shapes[0] != (1, size, size, 3)
            or set(by_values) != {3 * _NUM_POINTS, 1}
            or not network.is_float
        ):
            raise ModelFileError(
                "`landmarks_path` must be MediaPipe's face_landmark.tflite, "
                "from [1, 192, 192, 3] to 1404 numbers and a score, float32. "
                f"Received: inputs {network.inputs}, outputs "
                f"{network.outputs} in {os.fspath(path)!r}"
            )
        self.size = int(size)
        self._points, self._score = by_values[3 * _NUM_POINTS], by_values[1]

    def find(
        self, image: np.ndarray, face: DetectedFace
    ) -> tuple[np.ndarray, float]:
        """The five points of a face, looked at closely.

        First in a view around the box, turned by the eyes. Where the mesh does
        not lie in the view as it should, again in one around the mesh.

        Args:
            image: uint8, `[height, width, 3]`, RGB.
            face: `DetectedFace`, where it is about.

        Returns:
            `(landmarks, score)`: float64 array `[5, 2]`, and a float in `[0,
            1]`, how surely there is a face.
        """
        box, (left, right) = face.box, face.landmarks[:2]
        x, y = (box[:2] + box[2:] / 2).tolist()
        side = max(1.0, _REACH * float(box[2:].max()))
        view = PictureView(x, y, side, _degrees(right - left))
        for _ in range(_MAX_LOOKS):
            mesh, score = self._look(view.cut(image, self.size))
            last, view = view, self._view_of(mesh, view)
            if _is_near(last, view):
                break
        return last.to_picture(_five_of(mesh), self.size), score

    def _look(self, pixels: np.ndarray) -> tuple[np.ndarray, float]:
        """The mesh, in pixels of the view, and how surely there is a face."""
        scaled = pixels.astype(np.float32) / 255
        outputs = self._network.run(scaled[None])
        mesh = outputs[self._points].reshape(_NUM_POINTS, 3)[:, :2]
        logit = float(outputs[self._score].ravel()[0])
        inside = np.abs(mesh) < _FARTHEST * self.size
        if not (inside.all() and math.isfinite(logit)):
            return np.zeros((_NUM_POINTS, 2)), 0.0
        logit = min(max(logit, -100.0), 100.0)
        return mesh.astype(np.float64), 1 / (1 + math.exp(-logit))

    def _view_of(self, mesh: np.ndarray, view: PictureView) -> PictureView:
        """The view that the face is in the middle of, upright and whole."""
        five = _five_of(mesh)
        turn = _degrees(five[1] - five[0])
        # Its box, along the line of the eyes.
        c, s = math.cos(math.radians(turn)), math.sin(math.radians(turn))
        axes = np.array([[c, s], [-s, c]])
        along = mesh @ axes.T
        low, high = along.min(0), along.max(0)
        x, y = view.to_picture((low + high) / 2 @ axes, self.size).tolist()
        side = _REACH * (high - low).max() * view.side / self.size
        return PictureView(x, y, max(1.0, float(side)), view.degrees + turn)


def _five_of(mesh: np.ndarray) -> np.ndarray:
    return np.array([mesh[list(group)].mean(0) for group in _FIVE])


def _degrees(eyes: np.ndarray) -> float:
    return math.degrees(math.atan2(eyes[1], eyes[0]))


def _is_near(view: PictureView, better: PictureView) -> bool:
    """Whether a face lies in a view about as it should."""
    move = math.hypot(better.x - view.x, better.y - view.y) / view.side
    scale = abs(math.log(better.side / view.side))
    turn = abs((better.degrees - view.degrees + 180) % 360 - 180)
    return move < _MAX_MOVE and scale < _MAX_SCALE and turn < _MAX_TURN
