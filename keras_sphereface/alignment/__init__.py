"""From photographs to aligned crops: detect, choose, turn upright."""

from keras_sphereface.alignment.align_folder import align_folder
from keras_sphereface.alignment.contact_sheet import write_contact_sheet
from keras_sphereface.alignment.landmark_table import read_landmarks
from keras_sphereface.alignment.mtcnn_detector import MtcnnDetector
from keras_sphereface.alignment.picture_aligner import Outcome, PictureAligner
from keras_sphereface.alignment.yunet_detector import YunetDetector
from keras_sphereface.edge.detected_face import DetectedFace, choose_face

__all__ = [
    "DetectedFace",
    "MtcnnDetector",
    "Outcome",
    "PictureAligner",
    "YunetDetector",
    "align_folder",
    "choose_face",
    "read_landmarks",
    "write_contact_sheet",
]
