"""Pure functions behind the heads: angles, margins, gradients, labels."""

from keras_sphereface.ops.angles import angle, safe_normalize
from keras_sphereface.ops.detachment import detach_characteristic
from keras_sphereface.ops.labels import check_labels
from keras_sphereface.ops.margins import (
    sphereface_margin,
    spherefacer_v1_margin,
    spherefacer_v2_margin,
)

__all__ = [
    "angle",
    "check_labels",
    "detach_characteristic",
    "safe_normalize",
    "sphereface_margin",
    "spherefacer_v1_margin",
    "spherefacer_v2_margin",
]
