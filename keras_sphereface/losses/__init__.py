"""Losses around `ops/`."""

from keras_sphereface.losses.precomputed_loss import PrecomputedLoss

__all__ = ["PrecomputedLoss"]
