"""Embedding models, and the recognizer that trains them."""

from keras_sphereface.models.embedding_model import build_embedding_model
from keras_sphereface.models.face_recognizer import FaceRecognizer

__all__ = ["FaceRecognizer", "build_embedding_model"]
