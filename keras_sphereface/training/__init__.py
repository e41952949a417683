"""Training runs: a config in, a trained recognizer and a report out."""

from keras_sphereface.training.checkpoints import CheckpointError
from keras_sphereface.training.compare_heads import (
    StudyError,
    compare_heads,
    read_runs,
    report_study,
)
from keras_sphereface.training.config import (
    CheckpointConfig,
    EmbedderConfig,
    HeadConfig,
    OptimizerConfig,
    TrainConfig,
    VerificationConfig,
)
from keras_sphereface.training.config_flag import editable, from_config_dict
from keras_sphereface.training.data_config import DataConfig
from keras_sphereface.training.faces import TrainingFaces, load_faces
from keras_sphereface.training.head_study import HeadStudy
from keras_sphereface.training.optimizer import build_optimizer
from keras_sphereface.training.train import TrainResult, train

__all__ = [
    "CheckpointConfig",
    "CheckpointError",
    "DataConfig",
    "EmbedderConfig",
    "HeadConfig",
    "HeadStudy",
    "OptimizerConfig",
    "StudyError",
    "TrainConfig",
    "TrainResult",
    "TrainingFaces",
    "VerificationConfig",
    "build_optimizer",
    "compare_heads",
    "editable",
    "from_config_dict",
    "load_faces",
    "read_runs",
    "report_study",
    "train",
]
