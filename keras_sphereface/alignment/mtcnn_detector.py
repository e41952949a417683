"""MTCNN, from the package `mtcnn`, which has its weights inside."""

import numpy as np

from keras_sphereface.edge.detected_face import DetectedFace

_POINTS = ("left_eye", "right_eye", "nose", "mouth_left", "mouth_right")


class MtcnnDetector:
    """Faces by a cascade of three small networks.

    Needs `pip install "keras-sphereface[align]"`.

    Args:
        min_face_size: int, pixels; smaller faces are not looked for. Defaults
            to `20`.

    Call arguments:
        image: uint8, `[height, width, 3]`, RGB.

    Reference:
        - [Zhang et al., 2016](https://arxiv.org/abs/1604.02878)
    """

    def __init__(self, min_face_size: int = 20):
        try:
            from mtcnn import MTCNN
        except ImportError as error:
            raise ModuleNotFoundError(
                "The detector `mtcnn` needs the package of that name: pip "
                'install "keras-sphereface[align]"'
            ) from error
        self.min_face_size = min_face_size
        self._network = MTCNN(device="CPU:0")

    def __call__(self, image: np.ndarray) -> list[DetectedFace]:
        if min(image.shape[:2]) < 2 * 12:  # less than its first window
            return []
        found = self._network.detect_faces(
            image, min_face_size=self.min_face_size
        )
        return [
            DetectedFace(
                np.array(face["box"], np.float64),
                np.array(
                    [face["keypoints"][name] for name in _POINTS], np.float64
                ),
                float(face["confidence"]),
            )
            for face in found
        ]
