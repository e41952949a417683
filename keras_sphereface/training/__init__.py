"""Training runs: a config in, a trained recognizer and a report out."""

from keras_sphereface.training.config import (
    DataConfig,
    EmbedderConfig,
    HeadConfig,
    OptimizerConfig,
    TrainConfig,
)
from keras_sphereface.training.faces import TrainingFaces, load_faces
from keras_sphereface.training.optimizer import build_optimizer
from keras_sphereface.training.train import TrainResult, train

__all__ = [
    "DataConfig",
    "EmbedderConfig",
    "HeadConfig",
    "OptimizerConfig",
    "TrainConfig",
    "TrainResult",
    "TrainingFaces",
    "build_optimizer",
    "load_faces",
    "train",
]
