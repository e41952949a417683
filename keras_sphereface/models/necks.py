"""Necks: a backbone's features to embeddings."""

import keras

from keras_sphereface.backbones.conv_unit import batch_normalization

NECKS = ("gdconv", "flatten", "bn_flatten", "average", "linear")


def apply_neck(features, embedding_dim, *, neck, dropout, batch_norm):
    """Features to one vector per face, then a linear map to the embedding.

    - `"gdconv"`: a depthwise convolution as large as the map, so each channel
      learns which places of a face matter.
    - `"flatten"`: every place of every channel, for few and large maps the
      most parameters.
    - `"bn_flatten"`: batch normalization before `"flatten"`, and a bias in the
      dense layer: the neck of IResNet.
    - `"average"`: the mean over places.
    - `"linear"`: `"flatten"` without batch normalization, whatever
      `batch_norm` says: the neck of EdgeFace, for vectors.

    Then dropout, a dense layer (a 1x1 convolution in the paper of
    MobileFaceNet) and batch normalization. Without the latter the dense layer
    has a bias. A vector goes straight to the dropout.

    InsightFace keeps the scales of its last batch normalization at 1; here
    they are trained.

    Args:
        features: symbolic tensor, `(batch_size, height, width, channels)` or
            `(batch_size, channels)`.
        embedding_dim: int, at least 1.
        neck: one of `NECKS`.
        dropout: float in `[0, 1)`.
        batch_norm: bool.

    Returns:
        Symbolic tensor, `(batch_size, embedding_dim)`.

    Reference:
        - [Chen et al., 2018](https://arxiv.org/abs/1804.07573), section 3.1
        - [Deng et al., 2019](https://arxiv.org/abs/1801.07698), section 3.1
    """
    batch_norm = batch_norm and neck != "linear"
    x = features
    if len(features.shape) == 4:
        x = _to_vector(features, neck, batch_norm)
    if dropout:
        x = keras.layers.Dropout(dropout, name="neck_dropout")(x)
    x = keras.layers.Dense(
        embedding_dim,
        use_bias=not batch_norm or neck == "bn_flatten",
        # Uniform in +-1/sqrt(fan_in), PyTorch's own for a linear layer.
        kernel_initializer=keras.initializers.VarianceScaling(
            scale=1 / 3, mode="fan_in", distribution="uniform"
        ),
        name="neck_dense",
    )(x)
    if batch_norm:
        x = batch_normalization(name="neck_dense_bn")(x)
    return x


def _to_vector(features, neck, batch_norm):
    if neck == "average":
        return keras.layers.GlobalAveragePooling2D(
            data_format="channels_last", name="neck_average"
        )(features)
    x = features
    if neck == "bn_flatten" and batch_norm:
        x = batch_normalization(name="neck_bn")(x)
    if neck == "gdconv":
        x = keras.layers.DepthwiseConv2D(
            features.shape[1:3],
            use_bias=not batch_norm,
            # One input channel per filter: 1 / fan_out keeps the variance.
            depthwise_initializer=keras.initializers.VarianceScaling(
                scale=1.0, mode="fan_out", distribution="untruncated_normal"
            ),
            data_format="channels_last",
            name="neck_depthwise",
        )(x)
        if batch_norm:
            x = batch_normalization(name="neck_depthwise_bn")(x)
    return keras.layers.Flatten(
        data_format="channels_last", name="neck_flatten"
    )(x)
