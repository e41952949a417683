"""What `keras.ops` has no word for, on whichever backend runs."""

from keras_sphereface.backend.column_chunks import (
    compiles_with_xla,
    fold_chunks,
)
from keras_sphereface.backend.counted_seed import CountedSeed, add_counter
from keras_sphereface.backend.gradients import (
    custom_gradient,
    gradients,
    vector_jacobian,
)
from keras_sphereface.backend.replicas import (
    gather_rows,
    replica_index_and_count,
    sum_over_replicas,
)
from keras_sphereface.backend.tensorboard_writer import TensorBoardWriter
from keras_sphereface.backend.values import (
    StepState,
    check_labels,
    checked,
    is_traced,
    steady_step,
)

__all__ = [
    "CountedSeed",
    "StepState",
    "TensorBoardWriter",
    "add_counter",
    "check_labels",
    "checked",
    "compiles_with_xla",
    "custom_gradient",
    "fold_chunks",
    "gather_rows",
    "gradients",
    "is_traced",
    "replica_index_and_count",
    "steady_step",
    "sum_over_replicas",
    "vector_jacobian",
]
