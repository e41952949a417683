"""What happens beside training: progress, margins, verification, alarms."""

from keras_sphereface.callbacks.head_diagnostics import HeadDiagnostics
from keras_sphereface.callbacks.progress_bar import ProgressBar
from keras_sphereface.callbacks.training_alarm import TrainingAlarm
from keras_sphereface.callbacks.verification_callback import (
    VerificationCallback,
)

__all__ = [
    "HeadDiagnostics",
    "ProgressBar",
    "TrainingAlarm",
    "VerificationCallback",
]
