"""Pairs of faces to verify: every format of the field, folds, sampling."""

from keras_sphereface.pairs.bin_format import read_bin
from keras_sphereface.pairs.pair_files import has_own_images
from keras_sphereface.pairs.pair_set import PairSet

__all__ = ["PairSet", "has_own_images", "read_bin"]
