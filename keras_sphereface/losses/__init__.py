"""Losses on cosines, on the embeddings of a batch, and of heads."""

from keras_sphereface.class_softmax import PrecomputedLoss
from keras_sphereface.losses.batch_loss import BatchLoss
from keras_sphereface.losses.contrastive_loss import ContrastiveLoss
from keras_sphereface.losses.margin_loss import MarginLoss
from keras_sphereface.losses.margin_losses import (
    ArcFaceLoss,
    CombinedMarginLoss,
    CosFaceLoss,
    NormFaceLoss,
    SphereFace2Loss,
    SphereFaceLoss,
    SphereFaceRLoss,
)
from keras_sphereface.losses.npairs_loss import NpairsLoss
from keras_sphereface.losses.simple_loss import SimPLELoss
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
