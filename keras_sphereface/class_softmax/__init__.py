"""The loss over very many classes: in chunks, sampled, split over devices."""

from keras_sphereface.class_softmax.class_chunk import (
    check_class_chunk,
    resolve_class_chunk,
)
from keras_sphereface.class_softmax.class_parallel import (
    ClassParallel,
    count_class_shards,
    pad_columns,
)
from keras_sphereface.class_softmax.class_sampling import sample_classes
from keras_sphereface.class_softmax.streamed_classes import streamed_classes

__all__ = [
    "ClassParallel",
    "check_class_chunk",
    "count_class_shards",
    "pad_columns",
    "resolve_class_chunk",
    "sample_classes",
    "streamed_classes",
]
