"""What happens beside training: progress, margins, verification, diagnosis."""

from keras_sphereface.callbacks.head_diagnostics import HeadDiagnostics
from keras_sphereface.callbacks.progress_bar import ProgressBar
from keras_sphereface.callbacks.verification_callback import (
    VerificationCallback,
)

__all__ = [
    "HeadDiagnostics",
    "ProgressBar",
    "VerificationCallback",
]
