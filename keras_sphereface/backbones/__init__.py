"""Backbones: scaled images to a feature map."""

from keras_sphereface.backbones.mobilefacenet import (
    mobilefacenet,
    mobilefacenet_small,
)
from keras_sphereface.backbones.registry import default_neck, get, names
from keras_sphereface.backbones.sfnet import (
    sfnet,
    sfnet4,
    sfnet10,
    sfnet20,
    sfnet36,
    sfnet64,
)

__all__ = [
    "default_neck",
    "get",
    "mobilefacenet",
    "mobilefacenet_small",
    "names",
    "sfnet",
    "sfnet4",
    "sfnet10",
    "sfnet20",
    "sfnet36",
    "sfnet64",
]
