"""Heads by name, for configs and flags."""

from keras_sphereface.heads.adaface_head import AdaFaceHead
from keras_sphereface.heads.arcface_head import ArcFaceHead
from keras_sphereface.heads.combined_margin_head import CombinedMarginHead
from keras_sphereface.heads.cosface_head import CosFaceHead
from keras_sphereface.heads.curricularface_head import CurricularFaceHead
from keras_sphereface.heads.elastic_arcface_head import ElasticArcFaceHead
from keras_sphereface.heads.elastic_cosface_head import ElasticCosFaceHead
from keras_sphereface.heads.magface_head import MagFaceHead
from keras_sphereface.heads.normface_head import NormFaceHead
from keras_sphereface.heads.sphereface2_head import SphereFace2Head
from keras_sphereface.heads.sphereface_head import SphereFaceHead
from keras_sphereface.heads.sphereface_plus_head import SphereFacePlusHead
from keras_sphereface.heads.spherefacer_head import SphereFaceRHead
from keras_sphereface.heads.subcenter_arcface_head import SubCenterArcFaceHead
from keras_sphereface.heads.uniface_head import UniFaceHead

_HEADS = {
    "adaface": AdaFaceHead,
    "arcface": ArcFaceHead,
    "cocoloss": NormFaceHead,
    "combined_margin": CombinedMarginHead,
    "cosface": CosFaceHead,
    "curricularface": CurricularFaceHead,
    "elastic_arcface": ElasticArcFaceHead,
    "elastic_cosface": ElasticCosFaceHead,
    "magface": MagFaceHead,
    "normface": NormFaceHead,
    "sphereface": SphereFaceHead,
    "sphereface2": SphereFace2Head,
    "sphereface_plus": SphereFacePlusHead,
    "spherefacer": SphereFaceRHead,
    "subcenter_arcface": SubCenterArcFaceHead,
    "uniface": UniFaceHead,
}


def names():
    """Names that `get` knows, sorted.

    Returns:
        List of str.
    """
    return sorted(_HEADS)


def get(name, num_classes, **kwargs):
    """A head by its name.

    Args:
        name: str, one of `names()`.
        num_classes: int, number of identities.
        **kwargs: the head's other arguments.

    Returns:
        A `MarginHead`.
    """
    if name not in _HEADS:
        raise ValueError(
            f"`name` must be one of {names()}. Received: name={name!r}"
        )
    return _HEADS[name](num_classes, **kwargs)
