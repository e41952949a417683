"""OpenCV's YuNet, from a model file."""

import os

import numpy as np

from keras_sphereface.edge.detected_face import DetectedFace


class YunetDetector:
    """Faces by `cv2.FaceDetectorYN`, a few milliseconds per picture.

    Needs `pip install opencv-python-headless` and a model file of OpenCV's
    model zoo, `face_detection_yunet_2023mar.onnx`.

    Args:
        model_path: path of the `.onnx` file.
        score_threshold: float in `[0, 1]`. Defaults to `0.7`.

    Call arguments:
        image: uint8, `[height, width, 3]`, RGB.
    """

    def __init__(self, model_path, score_threshold: float = 0.7):
        try:
            import cv2
        except ImportError as error:
            raise ModuleNotFoundError(
                "The detector `yunet` needs OpenCV: pip install "
                "opencv-python-headless"
            ) from error
        if not model_path or not os.path.isfile(model_path):
            raise ValueError(
                "`model_path` must be the .onnx file of YuNet, from OpenCV's "
                f"model zoo. Received: model_path={model_path!r}"
            )
        try:
            self._network = cv2.FaceDetectorYN.create(
                os.fspath(model_path), "", (320, 320), score_threshold
            )
        except cv2.error as error:
            raise ValueError(
                "`model_path` must be a YuNet model that OpenCV can read. "
                f"Received: model_path={model_path!r} ({error})"
            ) from error

    def __call__(self, image: np.ndarray) -> list[DetectedFace]:
        height, width = image.shape[:2]
        self._network.setInputSize((width, height))
        bgr = np.ascontiguousarray(image[..., ::-1])
        _, found = self._network.detect(bgr)
        if found is None:
            return []
        # It names the right eye of the person first, left in the picture.
        return [
            DetectedFace(
                row[:4].astype(np.float64),
                row[4:14].reshape(5, 2).astype(np.float64),
                float(row[14]),
            )
            for row in found
        ]
