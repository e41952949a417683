"""Pairs of faces to verify: every format of the field, folds, sampling.

Every `*_format.py` is imported, which gives it its suffix in the registry.
"""

from importlib import import_module as _import_module
from pkgutil import iter_modules as _iter_modules

from keras_sphereface.pairs.bin_format import read_bin
from keras_sphereface.pairs.pair_set import PairSet
from keras_sphereface.pairs.registry import has_own_images, names, register

__all__ = ["PairSet", "has_own_images", "names", "read_bin", "register"]

for _module in _iter_modules(__path__):
    if _module.name.endswith("_format"):
        _import_module(f"{__name__}.{_module.name}")
