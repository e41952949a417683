"""Weights of OpenSphere, InsightFace, AdaFace and other public models."""

from keras_sphereface.interop.centers import load_centers, read_centers
from keras_sphereface.interop.family import (
    Family,
    NetworkPlan,
    Pair,
    conv_pairs,
    count_modules,
    fold_bias,
)
from keras_sphereface.interop.import_report import ImportReport
from keras_sphereface.interop.load_weights import (
    ImportedEmbedder,
    import_embedder,
    load_weights,
)
from keras_sphereface.interop.onnx_weights import read_onnx
from keras_sphereface.interop.pretrained import pretrained
from keras_sphereface.interop.registry import family_names, register
from keras_sphereface.interop.state import read_state
from keras_sphereface.interop.weights_errors import (
    WeightsFileError,
    WeightsMismatchError,
)

__all__ = [
    "Family",
    "ImportReport",
    "ImportedEmbedder",
    "NetworkPlan",
    "Pair",
    "WeightsFileError",
    "WeightsMismatchError",
    "conv_pairs",
    "count_modules",
    "family_names",
    "fold_bias",
    "import_embedder",
    "load_centers",
    "load_weights",
    "pretrained",
    "read_centers",
    "read_onnx",
    "read_state",
    "register",
]
