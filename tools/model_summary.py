r"""Sizes every backbone with its own neck: the table of the README.

Command: python tools/model_summary.py --backbones=sfnet20,iresnet50

Parameters include the statistics of batch norms, multiply-adds are those of
convolutions, dense layers and attention, activations what a training step
keeps per image in float32 (the output of every layer that computes), and
TFLite sizes are those of the weights once batch norms are folded into
convolutions.
"""

import math

import keras
from absl import app, flags

from keras_sphereface import backbones
from keras_sphereface.layers import CrossCovariance, SelfAttention
from keras_sphereface.models import build_embedding_model

FLAGS = flags.FLAGS
flags.DEFINE_list("backbones", None, "Names; all by default.")
flags.DEFINE_integer("image_size", 112, "Height and width.", lower_bound=16)
flags.DEFINE_integer("embedding_dim", 512, "Of the neck.", lower_bound=1)

# Layers whose output is their input, seen otherwise.
_VIEWS = (
    keras.layers.InputLayer,
    keras.layers.Flatten,
    keras.layers.Reshape,
    keras.layers.Dropout,
)


def layers_of(model):
    """Layers of a model and of the models in it, in their order."""
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from layers_of(layer)
        else:
            yield layer


def multiply_adds(layer):
    """Products of one image in a layer that multiplies by weights, else 0."""
    if isinstance(layer, keras.layers.DepthwiseConv2D):
        return math.prod(layer.output.shape[1:]) * math.prod(layer.kernel_size)
    if isinstance(layer, keras.layers.Conv2D):
        products = math.prod(layer.kernel.shape[:3])
        return math.prod(layer.output.shape[1:]) * products
    if isinstance(layer, SelfAttention):
        _, tokens, channels = layer.output.shape
        return tokens * (4 * channels**2 + 2 * tokens * channels)
    if isinstance(layer, CrossCovariance):
        *_, channels = layer.output.shape
        size = channels // layer.num_heads
        return 2 * math.prod(layer.output.shape[1:]) * size
    if isinstance(layer, keras.layers.Dense):
        return math.prod(layer.output.shape[1:]) * layer.kernel.shape[0]
    return 0


def activation_bytes(layer):
    """Bytes of a layer's output for one image in float32."""
    if isinstance(layer, _VIEWS):
        return 0
    return 4 * math.prod(layer.output.shape[1:])


def weights_on_device(layer):
    """Numbers that a TFLite file keeps of a layer.

    A batch norm becomes the bias of the convolution before it; one that stands
    before a convolution keeps a scale and an offset.
    """
    if isinstance(layer, keras.layers.BatchNormalization):
        previous = layer.input._keras_history.operation
        folds = hasattr(previous, "use_bias")
        return layer.gamma.shape[0] * (1 if folds else 2)
    return layer.count_params()


def summary_row(name, image_size, embedding_dim):
    """One row of the table."""
    model = build_embedding_model(
        name, embedding_dim, image_size=(image_size, image_size)
    )
    layers = list(layers_of(model))
    work = sum(map(multiply_adds, layers))
    memory = sum(map(activation_bytes, layers))
    weights = sum(map(weights_on_device, layers))
    return (
        f"| `{name}` | {model.count_params() / 1e6:.2f} M "
        f"| {work / 1e6:,.0f} M | {memory / 1e6:.1f} MB "
        f"| {4 * weights / 1e6:.1f} MB | {weights / 1e6:.1f} MB |"
    )


def main(_):
    print(
        "| backbone | parameters | multiply-adds | activations "
        "| TFLite, float32 | int8 |"
    )
    print("|---|---|---|---|---|---|")
    for name in FLAGS.backbones or backbones.names():
        keras.utils.clear_session()
        row = summary_row(name, FLAGS.image_size, FLAGS.embedding_dim)
        print(row, flush=True)


if __name__ == "__main__":
    app.run(main)
