"""Backbones by name, for configs and flags."""

from keras_sphereface.backbones.checkpointed_model import CheckpointedModel
from keras_sphereface.backbones.edgeface import edgeface_s, edgeface_xs
from keras_sphereface.backbones.ghostfacenet import (
    ghostfacenet_v1,
    ghostfacenet_v2,
)
from keras_sphereface.backbones.iresnet import (
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
from keras_sphereface.backbones.sfnet import (
    sfnet4,
    sfnet10,
    sfnet20,
    sfnet36,
    sfnet64,
)
from keras_sphereface.backbones.vit import vit_small, vit_tiny
from keras_sphereface.contract.arguments import check_choice

# Name: (function that builds it, neck of its paper).
_BACKBONES = {
    "edgeface_xs": (edgeface_xs, "linear"),
    "edgeface_s": (edgeface_s, "linear"),
    "ghostfacenet_v1": (ghostfacenet_v1, "gdconv"),
    "ghostfacenet_v2": (ghostfacenet_v2, "gdconv"),
    "iresnet18": (iresnet18, "bn_flatten"),
    "iresnet34": (iresnet34, "bn_flatten"),
    "iresnet50": (iresnet50, "bn_flatten"),
    "iresnet100": (iresnet100, "bn_flatten"),
    "iresnet200": (iresnet200, "bn_flatten"),
    "mobilefacenet_small": (mobilefacenet_small, "gdconv"),
    "mobilefacenet": (mobilefacenet, "gdconv"),
    "mobilefacenet_insightface": (mobilefacenet_insightface, "gdconv"),
    "mobilefacenet_insightface_large": (
        mobilefacenet_insightface_large,
        "gdconv",
    ),
    "sfnet4": (sfnet4, "flatten"),
    "sfnet10": (sfnet10, "flatten"),
    "sfnet20": (sfnet20, "flatten"),
    "sfnet36": (sfnet36, "flatten"),
    "sfnet64": (sfnet64, "flatten"),
    # They end in a vector.
    "vit_tiny": (vit_tiny, None),
    "vit_small": (vit_small, None),
}
_WITHOUT_BATCH_NORM = ("edgeface_xs", "edgeface_s")


def names():
    """Names that `get` knows.

    Returns:
        List of str, small to large within a family.
    """
    return list(_BACKBONES)


def get(
    name, input_shape=(112, 112, 3), *, gradient_checkpointing=False, **kwargs
):
    """A backbone by its name.

    Args:
        name: str, one of `names()`.
        input_shape: `(height, width, channels)`, height and width multiples
            of 16, of EdgeFace at least 32. Defaults to `(112, 112, 3)`.
        gradient_checkpointing: bool, whether training computes residual units
            twice instead of keeping what is inside them, for more images in
            the same memory: see `CheckpointedModel`. Every backbone but
            `"sfnet4"` has such units. Defaults to `False`.
        **kwargs: the backbone's other arguments, such as `batch_norm`,
            `activation` or `width_multiplier`.

    Returns:
        `keras.Model`, images scaled to `[-1, 1]` to a feature map,
        `(batch_size, height / 16, width / 16, channels)`; a vector from
        EdgeFace and the transformers.

    Example:

    ```python
    backbone = backbones.get("mobilefacenet", (112, 96, 3))
    ```
    """
    build, _ = _find(name)
    backbone = build(input_shape, **kwargs)
    if gradient_checkpointing:
        return CheckpointedModel(
            backbone.input, backbone.output, name=backbone.name
        )
    return backbone


def default_neck(name):
    """The neck that the paper of a backbone puts on it.

    Args:
        name: str, one of `names()`.

    Returns:
        `"gdconv"`, `"flatten"` or `"bn_flatten"`; `"linear"` for EdgeFace and
        `None` for the transformers, which return a vector.
    """
    _, neck = _find(name)
    return neck


def has_batch_norm(name):
    """Whether a backbone has the argument `batch_norm`.

    Args:
        name: str, one of `names()`.

    Returns:
        Bool, `False` for EdgeFace, which normalises places, not batches.
    """
    _find(name)
    return name not in _WITHOUT_BATCH_NORM


def _find(name):
    return _BACKBONES[
        check_choice("name", name, names(), reason="of a backbone")
    ]
