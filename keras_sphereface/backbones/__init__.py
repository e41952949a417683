"""Backbones: scaled images to a feature map."""

from keras_sphereface.backbones.checkpointed_model import CheckpointedModel
from keras_sphereface.backbones.edgeface import (
    edgeface,
    edgeface_s,
    edgeface_xs,
)
from keras_sphereface.backbones.ghostfacenet import (
    ghostfacenet_v1,
    ghostfacenet_v2,
)
from keras_sphereface.backbones.iresnet import (
    iresnet,
    iresnet18,
    iresnet34,
    iresnet50,
    iresnet100,
    iresnet200,
)
from keras_sphereface.backbones.mobilefacenet import (
    mobilefacenet,
    mobilefacenet_small,
)
from keras_sphereface.backbones.mobilefacenet_insightface import (
    mobilefacenet_insightface,
    mobilefacenet_insightface_large,
)
from keras_sphereface.backbones.registry import (
    default_neck,
    get,
    has_batch_norm,
    names,
)
from keras_sphereface.backbones.sfnet import (
    sfnet,
    sfnet4,
    sfnet10,
    sfnet20,
    sfnet36,
    sfnet64,
)
from keras_sphereface.backbones.vit import vit, vit_small, vit_tiny

__all__ = [
    "CheckpointedModel",
    "default_neck",
    "edgeface",
    "edgeface_s",
    "edgeface_xs",
    "get",
    "ghostfacenet_v1",
    "ghostfacenet_v2",
    "has_batch_norm",
    "iresnet",
    "iresnet18",
    "iresnet34",
    "iresnet50",
    "iresnet100",
    "iresnet200",
    "mobilefacenet",
    "mobilefacenet_insightface",
    "mobilefacenet_insightface_large",
    "mobilefacenet_small",
    "names",
    "sfnet",
    "sfnet4",
    "sfnet10",
    "sfnet20",
    "sfnet36",
    "sfnet64",
    "vit",
    "vit_small",
    "vit_tiny",
]
