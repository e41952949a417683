"""Losses around `ops/`."""

from keras_sphereface.losses.margin_loss import MarginLoss
from keras_sphereface.losses.precomputed_loss import PrecomputedLoss
from keras_sphereface.losses.spherefacer_loss import SphereFaceRLoss

__all__ = ["MarginLoss", "PrecomputedLoss", "SphereFaceRLoss"]
