"""Faces in photographs, on the device."""

import os
from collections.abc import Callable, Iterator

import numpy as np

from keras_sphereface.contract import read_image
from keras_sphereface.contract.arguments import (
    check_choice,
    check_flag,
    check_number,
)
from keras_sphereface.contract.images import ImageSource
from keras_sphereface.contract.picture_view import PictureView
from keras_sphereface.edge.box_suppression import (
    Boxes,
    join,
    keep_sure,
    suppress,
)
from keras_sphereface.edge.detected_face import (
    CENTER_AND_SIZE,
    RULES,
    DetectedFace,
    choose_face,
    prominence,
)
from keras_sphereface.edge.face_networks import open_face_network
from keras_sphereface.edge.second_look import SecondLook
from keras_sphereface.edge.view_plan import (
    leave_out_cut,
    plan_levels,
    whole_view,
)

# Tried in a picture without an upright face.
_TURNS = (90.0, -90.0, 180.0, 45.0, -45.0, 135.0, -135.0)
# How prominent a face must be, beside the largest that may have been missed, to
# end the search.
_CERTAIN = 0.5


class FaceDetector:
    """Finds faces, with five points each, from one or two files.

    Looks at the whole picture first, then at parts of it for smaller faces,
    and, where there is none, at the picture turned. Each face is then turned
    upright and looked at once more, closely. Needs NumPy, Pillow and the
    runtime of the file. One detector may be shared between threads, and with
    processes that are forked.

    Args:
        model_path: path of MediaPipe's `face_detection_short_range.tflite`
            (fastest), `face_detection_full_range.tflite` or
            `face_detection_full_range_sparse.tflite` (smaller faces), or of
            OpenCV's `face_detection_yunet_2023mar.onnx`.
        landmarks_path: path of MediaPipe's `face_landmark.tflite`, which the
            second look then uses: eyes and corners of the mouth lie much
            steadier. Defaults to `None`: the detector looks again itself.
        threads: int, at least 1, processor threads, or `None` for the
            runtime's own choice. Defaults to `None`.
        min_score: float in `(0, 1)`; faces of a lower score do not count.
            Defaults to `0.5`.
        min_face: float in `(0, 1]`, the smallest face to find: the side of its
            box, from brows to chin, as a share of the picture's longer side.
            Time grows with the inverse of its square where all faces are
            asked for. Defaults to `0.05`.
        turned: bool, whether to turn a picture in which no face is upright.
            Defaults to `True`.

    Call arguments:
        photo: a path, the bytes of an image file, or uint8 pixels `[height,
            width, 3]`, RGB. The EXIF orientation of files is applied.

    Returns:
        When called: list of `DetectedFace`, all that there are, the surest
        first.

    Example:

    ```python
    detector = ks.edge.FaceDetector("face_detection_short_range.tflite")
    for face in detector("family.jpg"):
        print(face.box, face.score)
    ann = detector.find_one("ann.jpg")
    crop = ks.contract.align_face("ann.jpg", ann.landmarks)
    ```
    """

    # It needs no `alignment.PictureAligner` to look again.
    refines = True

    def __init__(
        self,
        model_path: str | os.PathLike,
        landmarks_path: str | os.PathLike | None = None,
        *,
        threads: int | None = None,
        min_score: float = 0.5,
        min_face: float = 0.05,
        turned: bool = True,
    ) -> None:
        self.min_score = check_number("min_score", min_score, above=0, below=1)
        self.min_face = check_number("min_face", min_face, above=0, at_most=1)
        self.turned = check_flag("turned", turned)
        self._network = open_face_network(model_path, threads)
        self._second_look = SecondLook(self._network, landmarks_path, threads)

    def __call__(self, photo: ImageSource) -> list[DetectedFace]:
        image = read_image(photo)
        found: list[Boxes] = []
        for _, boxes in self._levels(image):
            found.append(boxes)
        merged = self._merge(found)
        if not len(merged.scores) and self.turned:
            merged = self._look_turned(image)
        return [
            face
            for face in map(self._second_look(image), _faces_of(merged))
            if face is not None
        ]

    def find_one(
        self, photo: ImageSource, rule: str = CENTER_AND_SIZE
    ) -> DetectedFace | None:
        """The face that a photograph is of.

        With the default rule the search ends as soon as no face that was not
        yet looked for can be more prominent, mostly after one look.

        Args:
            photo: as in a call.
            rule: see `choose_face`. Defaults to `"center_and_size"`.

        Returns:
            `DetectedFace`, or `None` if there is none.
        """
        check_choice("rule", rule, RULES)
        image = read_image(photo)
        size = (image.shape[0], image.shape[1])
        if rule != CENTER_AND_SIZE:
            return choose_face(self(image), size, rule)
        look = self._second_look(image)
        found: list[Boxes] = []
        for side, boxes in self._levels(image):
            found.append(boxes)
            faces = _faces_of(self._merge(found))
            # Faces smaller than this are not looked for yet.
            unseen = self._network.smallest * side * _CERTAIN
            if best := _most_prominent(faces, size, look, unseen):
                return best
        if best := _most_prominent(faces, size, look, 0):
            return best
        if not self.turned:
            return None
        faces = _faces_of(self._look_turned(image))
        return _most_prominent(faces, size, look, 0)

    def _levels(self, image: np.ndarray) -> Iterator[tuple[float, Boxes]]:
        """Views' side and what is in them, in pixels of the picture."""
        network, size = self._network, (image.shape[0], image.shape[1])
        for side, views in plan_levels(size, network.smallest, self.min_face):
            found = []
            for view in views:
                boxes = self._find(view.cut(image, network.size))
                boxes = leave_out_cut(boxes, view, network.size, size)
                found.append(_to_picture(boxes, view, network.size))
            yield side, join(found)

    def _look_turned(self, image: np.ndarray) -> Boxes:
        """What is in the turned picture, at the turn of the surest face."""
        found = []
        for degrees in _TURNS:
            view = whole_view(image.shape[:2], degrees)
            boxes = self._find(view.cut(image, self._network.size))
            found.append(_to_picture(boxes, view, self._network.size))
        return max(found, key=lambda boxes: boxes.scores.max(initial=0))

    def _find(self, pixels: np.ndarray) -> Boxes:
        found = self._network.find(pixels, self.min_score)
        return suppress(keep_sure(found, self.min_score))

    def _merge(self, found: list[Boxes]) -> Boxes:
        """One box per face of several views."""
        return suppress(keep_sure(join(found), self.min_score))


def _most_prominent(
    faces: list[DetectedFace],
    size: tuple[int, int],
    look: Callable[[DetectedFace], DetectedFace | None],
    at_least: float,
) -> DetectedFace | None:
    """The first confirmed face by prominence, if it has so much of it."""
    for face in sorted(
        faces, key=lambda face: prominence(face, size), reverse=True
    ):
        if prominence(face, size) < at_least:
            return None
        if (confirmed := look(face)) is not None:
            return confirmed
    return None


def _to_picture(boxes: Boxes, view: PictureView, size: int) -> Boxes:
    """Boxes of a view in the picture; upright ones around turned ones."""
    low, high = boxes.corners[:, :2], boxes.corners[:, 2:]
    middle = view.to_picture((low + high) / 2, size)
    half = (high - low) / 2 * (view.side / size)
    # A quarter turn exchanges width and height.
    if round(view.degrees / 90) % 2:
        half = half[:, ::-1]
    return Boxes(
        np.concatenate([middle - half, middle + half], axis=1),
        view.to_picture(boxes.points, size),
        boxes.scores,
    )


def _faces_of(boxes: Boxes) -> list[DetectedFace]:
    starts = boxes.corners[:, :2]
    rows = np.concatenate([starts, boxes.corners[:, 2:] - starts], axis=1)
    return [
        DetectedFace(box, points, float(score))
        for box, points, score in zip(
            rows, boxes.points, boxes.scores, strict=True
        )
    ]
