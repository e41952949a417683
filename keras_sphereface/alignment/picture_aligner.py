"""One photograph in, one aligned crop out, or the reason why not."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from keras_sphereface.alignment.landmark_table import read_landmarks
from keras_sphereface.alignment.mtcnn_detector import MtcnnDetector
from keras_sphereface.alignment.yunet_detector import YunetDetector
from keras_sphereface.contract import (
    FIVE_POINT_TEMPLATE,
    ImageError,
    align_face,
    read_image,
    similarity_transform,
)
from keras_sphereface.contract.arguments import (
    check_choice,
    check_number,
    check_sizes,
)
from keras_sphereface.edge import FaceDetector
from keras_sphereface.edge.detected_face import (
    CENTER_AND_SIZE,
    DetectedFace,
    choose_face,
)

DETECTORS = ("mtcnn", "yunet", "edge", "csv")
# The template, larger and in the middle of a picture of its own.
_UPRIGHT_SIDE = 336
_UPRIGHT = FIVE_POINT_TEMPLATE * 1.5 + (_UPRIGHT_SIDE - 1.5 * 112) / 2
ALIGNED, NO_FACE, UNREADABLE, NOT_A_FACE = (
    "aligned",
    "no face",
    "unreadable",
    "not a face",
)


class Outcome(NamedTuple):
    """What became of one photograph.

    Attributes:
        status: `"aligned"`, `"no face"`, `"unreadable"` or `"not a face"`
            (landmarks that do not resemble one).
        num_faces: int, faces found.
        face: the `DetectedFace` taken, or `None`.
        crop: uint8, `[*size, 3]`, or `None`.
        reason: str, why it is unreadable; `""` otherwise.
    """

    status: str
    num_faces: int = 0
    face: DetectedFace | None = None
    crop: np.ndarray | None = None
    reason: str = ""


class PictureAligner:
    """Detects, chooses and aligns.

    Args:
        root: folder of the photographs.
        detector: `"mtcnn"`, `"yunet"` (with OpenCV), `"edge"` (an
            `edge.FaceDetector`) or `"csv"`; or a function from uint8
            RGB `[height, width, 3]` to a list of `DetectedFace`, such as an
            `edge.FaceDetector` of one's own. Defaults to `"mtcnn"`.
        model_path: model file of YuNet or of an `edge.FaceDetector`, or the CSV
            of landmarks. Defaults to `None`.
        landmarks_path: `face_landmark.tflite` of an `edge.FaceDetector`.
            Defaults to `None`.
        rule: which of several faces: `"center_and_size"`, `"largest"`,
            `"center"` or `"best_score"`, see `choose_face`. Defaults to
            `"center_and_size"`.
        size: `(height, width)` of the crops. Defaults to `(112, 112)`.
        min_score: float; faces of a lower score do not count. Defaults to `0`.
        refine: bool, whether the chosen face is detected again after it was
            turned upright, which halves the scatter of landmarks of turned
            heads. Landmarks of a CSV are taken as they are, and a
            `FaceDetector` looks twice by itself. Defaults to `True`.
    """

    def __init__(
        self,
        root,
        detector="mtcnn",
        model_path=None,
        rule=CENTER_AND_SIZE,
        size=(112, 112),
        min_score=0.0,
        refine=True,
        landmarks_path=None,
    ):
        if not callable(detector):
            check_choice(
                "detector",
                detector,
                DETECTORS,
                reason="is not a function, so it",
            )
        self.root = Path(root)
        self.rule = rule
        self.size = check_sizes(
            "size", size, length=2, reason="is (height, width), so it"
        )
        self.min_score = check_number("min_score", min_score)
        choose_face([], (1, 1), rule)  # a wrong rule is an error now
        self._table, self._detect = None, detector
        if detector == "mtcnn":
            self._detect = MtcnnDetector()
        elif detector == "yunet":
            self._detect = YunetDetector(model_path)
        elif detector == "edge":
            self._detect = FaceDetector(model_path, landmarks_path)
        elif detector == "csv":
            self._table = read_landmarks(model_path)
        looks_twice = getattr(self._detect, "refines", False)
        self.refine = refine and self._table is None and not looks_twice

    def __call__(self, name: str) -> Outcome:
        """Aligns one photograph.

        Args:
            name: path of the photograph in `root`, with slashes.

        Returns:
            `Outcome`.
        """
        try:
            image = read_image(self.root / name)
        except (ImageError, OSError) as error:
            return Outcome(UNREADABLE, reason=str(error))
        faces = (
            self._detect(image)
            if self._table is None
            else self._table.get(name, [])
        )
        faces = [face for face in faces if face.score >= self.min_score]
        face = choose_face(faces, image.shape[:2], self.rule)
        if face is None:
            return Outcome(NO_FACE)
        if self.refine:
            face = self._look_again(image, face)
        try:
            crop = align_face(image, face.landmarks, self.size)
        except ValueError:
            return Outcome(NOT_A_FACE, len(faces), face)
        return Outcome(ALIGNED, len(faces), face, crop)

    def _look_again(self, image, face):
        """The face as the detector sees it upright and of a usual size."""
        try:
            matrix = similarity_transform(face.landmarks, _UPRIGHT)
        except ValueError:
            return face
        turn, shift = matrix[:, :2], matrix[:, 2]
        if np.linalg.det(turn) < 1e-12:
            return face
        back = np.linalg.inv(turn)
        offset = -back @ shift
        upright = Image.fromarray(image).transform(
            (_UPRIGHT_SIDE, _UPRIGHT_SIDE),
            Image.Transform.AFFINE,
            (*back[0], offset[0], *back[1], offset[1]),
            Image.Resampling.BILINEAR,
        )

        def distance(found):
            return float(np.abs(found.landmarks - _UPRIGHT).max())

        again = min(self._detect(np.array(upright)), key=distance, default=None)
        # Farther away it is another face, or none.
        if again is None or distance(again) > _UPRIGHT_SIDE / 8:
            return face
        landmarks = (again.landmarks - shift) @ back.T
        return face._replace(landmarks=landmarks)
