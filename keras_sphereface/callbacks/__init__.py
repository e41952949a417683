"""What happens beside training: progress, verification."""

from keras_sphereface.callbacks.progress_bar import ProgressBar
from keras_sphereface.callbacks.verification_callback import (
    VerificationCallback,
)

__all__ = ["ProgressBar", "VerificationCallback"]
