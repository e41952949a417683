"""Pure functions behind the heads: angles, margins, gradients, labels."""

from keras_sphereface.ops.angles import angle, safe_normalize
from keras_sphereface.ops.class_margins import (
    apply_target_margin,
    is_target,
    spherefacer_margins,
    target_cosines,
)
from keras_sphereface.ops.detachment import detach_characteristic
from keras_sphereface.ops.labels import check_labels, labels_of_targets
from keras_sphereface.ops.margins import (
    sphereface_margin,
    spherefacer_v1_margin,
    spherefacer_v2_margin,
)

__all__ = [
    "angle",
    "apply_target_margin",
    "check_labels",
    "detach_characteristic",
    "is_target",
    "labels_of_targets",
    "safe_normalize",
    "sphereface_margin",
    "spherefacer_margins",
    "spherefacer_v1_margin",
    "spherefacer_v2_margin",
    "target_cosines",
]
