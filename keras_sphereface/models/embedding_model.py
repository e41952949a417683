"""The embedder: a face image to a vector."""

import keras

from keras_sphereface import backbones
from keras_sphereface.backend.keras_internals import all_layers
from keras_sphereface.contract.arguments import (
    check_choice,
    check_integer,
    check_number,
    check_sizes,
)
from keras_sphereface.contract.face_input import (
    IMAGE_SIZE,
    PIXEL_MEAN,
    PIXEL_SCALE,
)
from keras_sphereface.models.feature_map import cut_classifier, is_classifier
from keras_sphereface.models.necks import NECKS, apply_neck

# The layer from pixels in [0, 255] to what a backbone takes.
SCALING = "scale_pixels"


def build_embedding_model(
    backbone,
    embedding_dim=512,
    *,
    image_size=IMAGE_SIZE,
    neck=None,
    dropout=0.0,
    batch_norm=True,
    synchronized_batch_norm=False,
    scale_pixels=True,
    name="embedder",
    **backbone_kwargs,
):
    """Model from RGB pixels in `[0, 255]` to un-normalized embeddings.

    A plain functional model of four parts: pixel scaling, the backbone (one
    layer, so that `embedder.get_layer("sfnet20").trainable = False` freezes
    it), the neck, and a cast. Embeddings are float32 under every dtype policy:
    the scaling and the last layer, `"embeddings"`, always compute in float32,
    what is between follows the policy.

    Args:
        backbone: str, one of `backbones.names()`, or `"module:function"` of a
            builder as `backbones.register` takes it; or a `keras.Model` from
            images to a feature map, `(batch_size, height, width, channels)`,
            or to a vector, `(batch_size, channels)`, such as one of
            `keras.applications`, keras-hub or keras-cv. Of a classifier, one
            that ends in probabilities, and of any vector where a `neck` other
            than `"linear"` is given, the layers up to the last feature map are
            used.
        embedding_dim: int, at least 1. Defaults to `512`.
        image_size: `(height, width)`; named backbones need multiples of 16,
            EdgeFace of at least 32. Defaults to `(112, 112)`.
        neck: `"gdconv"`, `"flatten"`, `"bn_flatten"`, `"average"` or
            `"linear"`, what turns a feature map into an embedding; a vector
            goes with `"linear"`, which has no batch normalization. `None` is
            the neck of the backbone's paper, and `"average"` for a
            `keras.Model` and a backbone registered without a neck. Defaults
            to `None`.
        dropout: float in `[0, 1)`, before the last dense layer. Defaults to
            `0.0`.
        batch_norm: bool, batch normalization in the neck, its last layer
            included, and in a named backbone that takes the argument; EdgeFace
            and its neck have none. Defaults to `True`.
        synchronized_batch_norm: bool, whether every batch normalization in the
            model, those of a given `keras.Model` included, takes its
            statistics over the replicas of a `tf.distribute` strategy. For
            small batches per replica, say below 16 images; it costs an exchange
            per layer. Only on the TensorFlow backend: on JAX statistics are
            always those of the whole batch. Defaults to `False`.
        scale_pixels: bool. `True` feeds the backbone
            `(pixel - 127.5) / 127.5`, `False` the pixels as they are, for a
            `keras.Model` that scales them itself. Defaults to `True`.
        name: str, name of the model. Defaults to `"embedder"`.
        **backbone_kwargs: the named backbone's other arguments, such as
            `activation` or `width_multiplier`, and `gradient_checkpointing`,
            which trains in less memory and more time.

    Returns:
        `keras.Model`, images `(batch_size, height, width, 3)`, uint8 or
        float, to float32 embeddings `(batch_size, embedding_dim)`.

    Example:

    ```python
    embedder = build_embedding_model("mobilefacenet", embedding_dim=256)
    embeddings = embedder.predict(images)  # (batch_size, 256)
    ```
    """
    image_size = check_sizes(
        "image_size", image_size, length=2, reason="is (height, width), so it"
    )
    embedding_dim = check_integer("embedding_dim", embedding_dim, at_least=1)
    dropout = check_number("dropout", dropout, at_least=0, below=1)
    check_choice("neck", neck, (None, *NECKS))
    input_shape = (*image_size, 3)
    if isinstance(backbone, keras.Model):
        if backbone_kwargs:
            raise ValueError(
                "Arguments of a backbone go with its name; a keras.Model is "
                f"used as it is. Received: {backbone_kwargs}"
            )
        _check_takes(backbone, input_shape)
        backbone = _up_to_feature_map(backbone, neck)
    else:
        neck = neck or backbones.default_neck(backbone)
        if backbones.has_batch_norm(backbone):
            backbone_kwargs = {"batch_norm": batch_norm, **backbone_kwargs}
        backbone = backbones.get(backbone, input_shape, **backbone_kwargs)
        _check_takes(backbone, input_shape)

    images = keras.Input(input_shape, name="images")
    x = images
    if scale_pixels:
        x = keras.layers.Rescaling(
            scale=1 / PIXEL_SCALE,
            offset=-PIXEL_MEAN / PIXEL_SCALE,
            # Half precision would lose gray levels here.
            dtype="float32",
            name=SCALING,
        )(x)
    features = backbone(x)
    _check_features(features, neck)
    embeddings = apply_neck(
        features,
        embedding_dim,
        neck=neck or "average",
        dropout=dropout,
        batch_norm=batch_norm,
    )
    embeddings = keras.layers.Activation(
        "linear", dtype="float32", name="embeddings"
    )(embeddings)
    embedder = keras.Model(images, embeddings, name=name)
    if synchronized_batch_norm:
        _synchronize_batch_norm(embedder)
    return embedder


def _synchronize_batch_norm(model):
    if keras.backend.backend() != "tensorflow":
        raise ValueError(
            "`synchronized_batch_norm` must be False on the "
            f"{keras.backend.backend()} backend, which has no replicas. "
            "Received: synchronized_batch_norm=True"
        )
    for layer in all_layers(model):
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.synchronized = True


def _check_takes(backbone, input_shape):
    # A model without a fixed input has no shape to compare.
    if not backbone.built or not getattr(backbone, "inputs", None):
        return
    shapes = [tuple(tensor.shape[1:]) for tensor in backbone.inputs]
    fits = len(shapes) == 1 and (
        len(shapes[0]) == 3
        and all(
            own is None or own == given
            for own, given in zip(shapes[0], input_shape, strict=True)
        )
    )
    if not fits:
        raise ValueError(
            "`backbone` must take images of shape (height, width, channels)="
            f"{input_shape}, from `image_size`. "
            f"Received: backbone with inputs {shapes}"
        )


def _up_to_feature_map(backbone, neck):
    outputs = getattr(backbone, "outputs", None) if backbone.built else None
    if not outputs or len(outputs) != 1 or len(outputs[0].shape) != 2:
        return backbone
    if neck in (None, "linear") and not is_classifier(backbone):
        return backbone
    return cut_classifier(backbone) or backbone


def _check_features(features, neck):
    rank = len(getattr(features, "shape", ()))
    if rank == 2 and neck in (None, "linear"):
        return
    if rank == 2:
        raise ValueError(
            '`neck` must be None or "linear" for a backbone that returns a '
            "vector. "
            f"Received: neck={neck!r}, features {tuple(features.shape)}"
        )
    if rank != 4:
        raise ValueError(
            "`backbone` must return one feature map, (batch_size, height, "
            "width, channels), or one vector, (batch_size, channels). "
            f"Received: backbone that returns {features}"
        )
