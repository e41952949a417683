"""Hyperspherical face recognition for Keras 3.

Names load on first use, so that `import keras_sphereface.edge` on a device
brings in neither Keras nor TensorFlow. Where Keras is loaded already, the
package's layers, heads, losses and models are registered with it at once, so
that `keras.saving.load_model` finds them.
"""

import importlib
import sys

__version__ = "0.1.0"

_SUBPACKAGES = (
    "alignment",
    "backbones",
    "backend",
    "callbacks",
    "class_softmax",
    "contract",
    "data",
    "edge",
    "evaluation",
    "export",
    "files",
    "heads",
    "inspection",
    "interop",
    "layers",
    "losses",
    "models",
    "ops",
    "optimizers",
    "pairs",
    "reports",
    "training",
)
_PUBLIC_NAMES = {
    "FaceRecognizer": "keras_sphereface.models",
    "SphereFaceRHead": "keras_sphereface.heads",
    "build_embedding_model": "keras_sphereface.models",
}

__all__ = [*_SUBPACKAGES, *_PUBLIC_NAMES, "__version__"]


def __getattr__(name):
    if name in _SUBPACKAGES:
        return importlib.import_module(f"{__name__}.{name}")
    if name in _PUBLIC_NAMES:
        return getattr(importlib.import_module(_PUBLIC_NAMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted(__all__)


if "keras" in sys.modules:
    importlib.import_module("keras_sphereface.models")
