"""Embedding models, and the recognizer that trains them."""

from keras_sphereface.backend.embedding_function import embedding_function
from keras_sphereface.models.embedding_model import build_embedding_model
from keras_sphereface.models.face_recognizer import FaceRecognizer
from keras_sphereface.models.steady_model import SteadyModel

__all__ = [
    "FaceRecognizer",
    "SteadyModel",
    "build_embedding_model",
    "embedding_function",
]
