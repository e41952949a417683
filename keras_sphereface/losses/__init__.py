"""Losses on cosines, on the embeddings of a batch, and of heads.

Every loss in `margin_losses.py` is a public name of this folder.
"""

import typing as _typing

from keras_sphereface.class_softmax import PrecomputedLoss
from keras_sphereface.losses import margin_losses
from keras_sphereface.losses.batch_loss import BatchLoss
from keras_sphereface.losses.contrastive_loss import ContrastiveLoss
from keras_sphereface.losses.margin_loss import MarginLoss
from keras_sphereface.losses.npairs_loss import NpairsLoss
from keras_sphereface.losses.simple_loss import SimPLELoss
from keras_sphereface.losses.supervised_contrastive_loss import (
    SupervisedContrastiveLoss,
)
from keras_sphereface.losses.triplet_hard_loss import TripletHardLoss
from keras_sphereface.losses.triplet_semi_hard_loss import TripletSemiHardLoss

__all__ = [
    "BatchLoss",
    "ContrastiveLoss",
    "MarginLoss",
    "NpairsLoss",
    "PrecomputedLoss",
    "SimPLELoss",
    "SupervisedContrastiveLoss",
    "TripletHardLoss",
    "TripletSemiHardLoss",
]

if _typing.TYPE_CHECKING:  # type checkers do not see the names added below

    def __getattr__(name: str) -> _typing.Any: ...


for _name, _value in list(vars(margin_losses).items()):
    if getattr(_value, "__module__", "") == margin_losses.__name__ and (
        getattr(_value, "head_class", None) is not None
    ):
        globals()[_name] = _value
        __all__.append(_name)

__all__.sort()
