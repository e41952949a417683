"""Class heads: embeddings and labels to logits and a loss a sample."""

from keras_sphereface.heads.margin_head import HeadOutputs, MarginHead
from keras_sphereface.heads.registry import get, names
from keras_sphereface.heads.spherefacer_head import SphereFaceRHead

__all__ = ["HeadOutputs", "MarginHead", "SphereFaceRHead", "get", "names"]
