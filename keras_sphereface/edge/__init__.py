"""Face verification on the device, without TensorFlow."""

from keras_sphereface.edge.face_verifier import FaceVerifier
from keras_sphereface.edge.verification import Verification

__all__ = ["FaceVerifier", "Verification"]
