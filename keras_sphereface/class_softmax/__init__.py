"""The loss over very many classes: at once, in chunks, sampled, split."""

from keras_sphereface.class_softmax.class_chunk import (
    check_class_chunk,
    resolve_class_chunk,
)
from keras_sphereface.class_softmax.class_loss import (
    BinaryLoss,
    PrecomputedLoss,
    SoftmaxLoss,
    split_logits,
    sum_others,
)
from keras_sphereface.class_softmax.class_parallel import (
    ClassParallel,
    count_class_shards,
    pad_columns,
)
from keras_sphereface.class_softmax.class_sampling import sample_classes
from keras_sphereface.class_softmax.global_loss import GlobalLoss
from keras_sphereface.class_softmax.streamed_classes import split_classes

__all__ = [
    "BinaryLoss",
    "ClassParallel",
    "GlobalLoss",
    "PrecomputedLoss",
    "SoftmaxLoss",
    "check_class_chunk",
    "count_class_shards",
    "pad_columns",
    "resolve_class_chunk",
    "sample_classes",
    "split_classes",
    "split_logits",
    "sum_others",
]
