"""Losses around `ops/`."""

from keras_sphereface.losses.arcface_loss import ArcFaceLoss
from keras_sphereface.losses.batch_loss import BatchLoss
from keras_sphereface.losses.combined_margin_loss import CombinedMarginLoss
from keras_sphereface.losses.contrastive_loss import ContrastiveLoss
from keras_sphereface.losses.cosface_loss import CosFaceLoss
from keras_sphereface.losses.margin_loss import MarginLoss
from keras_sphereface.losses.normface_loss import NormFaceLoss
from keras_sphereface.losses.npairs_loss import NpairsLoss
from keras_sphereface.losses.precomputed_loss import PrecomputedLoss
from keras_sphereface.losses.simple_loss import SimPLELoss
from keras_sphereface.losses.sphereface2_loss import SphereFace2Loss
from keras_sphereface.losses.sphereface_loss import SphereFaceLoss
from keras_sphereface.losses.spherefacer_loss import SphereFaceRLoss
from keras_sphereface.losses.supervised_contrastive_loss import (
    SupervisedContrastiveLoss,
)
from keras_sphereface.losses.triplet_hard_loss import TripletHardLoss
from keras_sphereface.losses.triplet_semi_hard_loss import TripletSemiHardLoss

__all__ = [
    "ArcFaceLoss",
    "BatchLoss",
    "CombinedMarginLoss",
    "ContrastiveLoss",
    "CosFaceLoss",
    "MarginLoss",
    "NormFaceLoss",
    "NpairsLoss",
    "PrecomputedLoss",
    "SimPLELoss",
    "SphereFace2Loss",
    "SphereFaceLoss",
    "SphereFaceRLoss",
    "SupervisedContrastiveLoss",
    "TripletHardLoss",
    "TripletSemiHardLoss",
]
