"""Hyperspherical face recognition for Keras 3.

Names load on first use, so that `import keras_sphereface.edge` on a device
brings in neither Keras nor TensorFlow. Where Keras is loaded already, the
package's layers, heads, losses and models are registered with it at once, so
that `keras.saving.load_model` finds them.
"""

import sys as _sys
import typing as _typing
from importlib import import_module as _import_module

if _typing.TYPE_CHECKING:  # type checkers do not run `__getattr__`
    from keras_sphereface import (  # noqa: I001
        alignment as alignment,
        backbones as backbones,
        backend as backend,
        callbacks as callbacks,
        class_softmax as class_softmax,
        contract as contract,
        data as data,
        downloads as downloads,
        edge as edge,
        evaluation as evaluation,
        export as export,
        files as files,
        heads as heads,
        inspection as inspection,
        interop as interop,
        layers as layers,
        losses as losses,
        models as models,
        ops as ops,
        optimizers as optimizers,
        pairs as pairs,
        reports as reports,
        training as training,
    )
    from keras_sphereface.downloads import pretrained_file as pretrained_file
    from keras_sphereface.heads import SphereFaceRHead as SphereFaceRHead
    from keras_sphereface.interop import pretrained as pretrained
    from keras_sphereface.models import (
        FaceRecognizer as FaceRecognizer,
        build_embedding_model as build_embedding_model,
    )

__version__ = "0.1.0"

_SUBPACKAGES = (
    "alignment",
    "backbones",
    "backend",
    "callbacks",
    "class_softmax",
    "contract",
    "data",
    "downloads",
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
    "pretrained": "keras_sphereface.interop",
    "pretrained_file": "keras_sphereface.downloads",
}

__all__ = [*_SUBPACKAGES, *_PUBLIC_NAMES, "__version__"]


def __getattr__(name: str) -> object:
    if name in _SUBPACKAGES:
        return _import_module(f"{__name__}.{name}")
    if name in _PUBLIC_NAMES:
        return getattr(_import_module(_PUBLIC_NAMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)


if "keras" in _sys.modules:
    _import_module("keras_sphereface.models")
