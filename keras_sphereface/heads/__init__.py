"""Class heads: embeddings and labels to logits and a loss a sample."""

from keras_sphereface.heads.adaface_head import AdaFaceHead
from keras_sphereface.heads.arcface_head import ArcFaceHead
from keras_sphereface.heads.combined_margin_head import CombinedMarginHead
from keras_sphereface.heads.cosface_head import CosFaceHead
from keras_sphereface.heads.curricularface_head import CurricularFaceHead
from keras_sphereface.heads.elastic_arcface_head import ElasticArcFaceHead
from keras_sphereface.heads.elastic_cosface_head import ElasticCosFaceHead
from keras_sphereface.heads.elastic_head import ElasticHead
from keras_sphereface.heads.elementwise_margin import ElementwiseMargin
from keras_sphereface.heads.head_outputs import HeadLosses, HeadOutputs
from keras_sphereface.heads.magface_head import MagFaceHead
from keras_sphereface.heads.margin_head import MarginHead
from keras_sphereface.heads.normface_head import NormFaceHead
from keras_sphereface.heads.registry import get, names
from keras_sphereface.heads.setting import Setting
from keras_sphereface.heads.sphereface2_head import SphereFace2Head
from keras_sphereface.heads.sphereface_head import SphereFaceHead
from keras_sphereface.heads.sphereface_plus_head import SphereFacePlusHead
from keras_sphereface.heads.spherefacer_head import SphereFaceRHead
from keras_sphereface.heads.subcenter_arcface_head import SubCenterArcFaceHead
from keras_sphereface.heads.target_margin_head import TargetMarginHead
from keras_sphereface.heads.uniface_head import UniFaceHead

__all__ = [
    "AdaFaceHead",
    "ArcFaceHead",
    "CombinedMarginHead",
    "CosFaceHead",
    "CurricularFaceHead",
    "ElasticArcFaceHead",
    "ElasticCosFaceHead",
    "ElasticHead",
    "ElementwiseMargin",
    "HeadLosses",
    "HeadOutputs",
    "MagFaceHead",
    "MarginHead",
    "NormFaceHead",
    "Setting",
    "SphereFace2Head",
    "SphereFaceHead",
    "SphereFacePlusHead",
    "SphereFaceRHead",
    "SubCenterArcFaceHead",
    "TargetMarginHead",
    "UniFaceHead",
    "get",
    "names",
]
