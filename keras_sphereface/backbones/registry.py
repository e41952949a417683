"""Backbones by name, for configs and flags."""

import inspect

import keras

from keras_sphereface.backbones.checkpointed_model import CheckpointedModel
from keras_sphereface.contract.registry import Registry

_BACKBONES = Registry("backbone")
# Name: the neck of its paper, and whether `batch_norm` goes to it.
_FACTS = {}


def register(name, builder=None, *, neck=None, batch_norm=None):
    """Gives a backbone a name that `get`, configs and flags know.

    Args:
        name: str, without a colon.
        builder: function from `input_shape`, `(height, width, channels)`, and
            arguments of its own to a `keras.Model`, from images in `[-1, 1]`
            to a feature map, `(batch_size, height, width, channels)`, or to a
            vector. Defaults to `None`: a decorator comes back.
        neck: str, one of `models.NECKS`, what `build_embedding_model` puts on
            it unless told otherwise. Defaults to `None`: `"average"` for a
            map, none for a vector.
        batch_norm: bool, whether `build_embedding_model` tells it its
            `batch_norm`. Defaults to `None`: whether it takes that argument,
            by name or among `**kwargs`.

    Returns:
        `builder`, or a decorator.

    Example:

    ```python
    @ks.backbones.register("plain", neck="gdconv")
    def plain(input_shape=(112, 112, 3), *, filters=64):
        images = keras.Input(input_shape)
        x = keras.layers.Conv2D(filters, 3, strides=16)(images)
        return keras.Model(images, x, name="plain")

    embedder = ks.build_embedding_model("plain", filters=32)
    ```
    """
    if builder is None:
        return lambda builder: register(
            name, builder, neck=neck, batch_norm=batch_norm
        )
    _BACKBONES.register(name, builder)
    _FACTS[name] = (neck, batch_norm)
    return builder


def names():
    """Names that `get` knows, sorted.

    Returns:
        List of str.
    """
    return _BACKBONES.names()


def builder_of(name):
    """The function that builds a backbone.

    Args:
        name: str, as `get` takes it.

    Returns:
        Function from `input_shape` and arguments to a `keras.Model`.
    """
    return _BACKBONES.get(name)


def get(
    name, input_shape=(112, 112, 3), *, gradient_checkpointing=False, **kwargs
):
    """A backbone by its name.

    Args:
        name: str, one of `names()`, or `"module:function"` of a builder as
            `register` takes it.
        input_shape: `(height, width, channels)`, height and width multiples
            of 16, of EdgeFace at least 32. Defaults to `(112, 112, 3)`.
        gradient_checkpointing: bool, whether training computes residual units
            twice instead of keeping what is inside them, for more images in
            the same memory: see `CheckpointedModel`. Every backbone of this
            package but `"sfnet4"` has such units. Defaults to `False`.
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
    backbone = builder_of(name)(input_shape, **kwargs)
    if not isinstance(backbone, keras.Model):
        raise ValueError(
            "A backbone must be a keras.Model. "
            f"Received: name={name!r}, which builds {backbone!r}"
        )
    if gradient_checkpointing:
        return CheckpointedModel(
            backbone.input, backbone.output, name=backbone.name
        )
    return backbone


def default_neck(name):
    """The neck that the paper of a backbone puts on it.

    Args:
        name: str, as `get` takes it.

    Returns:
        `"gdconv"`, `"flatten"` or `"bn_flatten"`; `"linear"` for EdgeFace.
        `None` for the transformers, which return a vector, and for a backbone
        registered without one.
    """
    builder_of(name)
    neck, _ = _FACTS.get(name, (None, None))
    return neck


def has_batch_norm(name):
    """Whether a backbone has the argument `batch_norm`.

    Args:
        name: str, as `get` takes it.

    Returns:
        Bool, `False` for EdgeFace, which normalizes places, not batches.
    """
    builder = builder_of(name)
    _, batch_norm = _FACTS.get(name, (None, None))
    if batch_norm is not None:
        return batch_norm
    return any(
        parameter.name == "batch_norm"
        or parameter.kind is parameter.VAR_KEYWORD
        for parameter in inspect.signature(builder).parameters.values()
    )
