"""Face verification and identification on the device, without TensorFlow."""

from keras_sphereface.edge.artifact_file import ModelFileError
from keras_sphereface.edge.delegate import DelegateReport, examine_delegate
from keras_sphereface.edge.detected_face import DetectedFace, choose_face
from keras_sphereface.edge.face_detector import FaceDetector
from keras_sphereface.edge.face_verifier import FaceVerifier
from keras_sphereface.edge.gallery import Gallery, GalleryArrays
from keras_sphereface.edge.gallery_file import GalleryError
from keras_sphereface.edge.gallery_index import GalleryIndex
from keras_sphereface.edge.identification import Candidate, Identification
from keras_sphereface.edge.keyed_seal import seal_with_key
from keras_sphereface.edge.manifest_writer import (
    read_manifest,
    replace_manifest,
)
from keras_sphereface.edge.model_identity import ModelIdentity
from keras_sphereface.edge.photo_reader import NoFaceError
from keras_sphereface.edge.quality_gate import PoorFaceError
from keras_sphereface.edge.registry import names, register
from keras_sphereface.edge.score_drift import ScoreDrift, ScoreDriftWarning
from keras_sphereface.edge.snapshot_search import Matches
from keras_sphereface.edge.tflite_graph import count_multiply_adds
from keras_sphereface.edge.verification import Verification

__all__ = [
    "Candidate",
    "DelegateReport",
    "DetectedFace",
    "FaceDetector",
    "FaceVerifier",
    "Gallery",
    "GalleryArrays",
    "GalleryError",
    "GalleryIndex",
    "Identification",
    "Matches",
    "ModelFileError",
    "ModelIdentity",
    "NoFaceError",
    "PoorFaceError",
    "ScoreDrift",
    "ScoreDriftWarning",
    "Verification",
    "choose_face",
    "count_multiply_adds",
    "examine_delegate",
    "names",
    "read_manifest",
    "register",
    "replace_manifest",
    "seal_with_key",
]
