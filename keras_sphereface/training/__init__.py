"""Training runs: a config in, a trained recognizer and a report out."""

from keras_sphereface.training.checkpoints import (
    Checkpoint,
    CheckpointError,
    Checkpoints,
)
from keras_sphereface.training.compare_heads import (
    StudyError,
    compare_heads,
    read_runs,
    report_study,
)
from keras_sphereface.training.config import (
    CheckpointConfig,
    EmbedderConfig,
    TrainConfig,
    VerificationConfig,
)
from keras_sphereface.training.config_flag import editable, from_config_dict
from keras_sphereface.training.data_config import DataConfig
from keras_sphereface.training.divergence import DivergenceError
from keras_sphereface.training.faces import TrainingFaces, load_faces
from keras_sphereface.training.head_config import HeadConfig
from keras_sphereface.training.head_study import HeadStudy
from keras_sphereface.training.optimizer import build_optimizer
from keras_sphereface.training.optimizer_config import OptimizerConfig
from keras_sphereface.training.train import TrainResult, train

__all__ = [
    "Checkpoint",
    "CheckpointConfig",
    "CheckpointError",
    "Checkpoints",
    "DataConfig",
    "DivergenceError",
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
