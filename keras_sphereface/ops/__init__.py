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
from keras_sphereface.ops.replicas import (
    gather_rows,
    replica_index_and_count,
    sum_over_replicas,
)
from keras_sphereface.ops.tracing import is_traced

__all__ = [
    "angle",
    "apply_target_margin",
    "check_labels",
    "detach_characteristic",
    "gather_rows",
    "is_target",
    "is_traced",
    "labels_of_targets",
    "replica_index_and_count",
    "safe_normalize",
    "sphereface_margin",
    "spherefacer_margins",
    "spherefacer_v1_margin",
    "spherefacer_v2_margin",
    "sum_over_replicas",
    "target_cosines",
]
