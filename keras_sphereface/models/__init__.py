"""Embedding models, and the recognizer that trains them."""

from keras_sphereface.models.embedding_model import build_embedding_model
from keras_sphereface.models.face_recognizer import FaceRecognizer
from keras_sphereface.models.replicas import embedding_function

__all__ = ["FaceRecognizer", "build_embedding_model", "embedding_function"]
