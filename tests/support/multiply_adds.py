"""Counting the work of a model, layer by layer."""

import math

import keras

from keras_sphereface.layers import CrossCovariance


def count_multiply_adds(model):
    """Multiply-adds of one forward pass over one image.

    Convolutions and dense layers count, biases, normalization and activations
    do not, as papers do it: each output value costs one product for each
    weight that reaches it. Attention between channels multiplies each value of
    each place with those of its head, twice.
    """
    total = 0
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            total += count_multiply_adds(layer)
            continue
        output_values = math.prod(layer.output.shape[1:])
        if isinstance(layer, keras.layers.DepthwiseConv2D):
            total += output_values * math.prod(layer.kernel.shape[:2])
        elif isinstance(layer, keras.layers.Conv2D):
            total += output_values * math.prod(layer.kernel.shape[:3])
        elif isinstance(layer, keras.layers.Dense):
            total += output_values * layer.kernel.shape[0]
        elif isinstance(layer, CrossCovariance):
            head = layer.output.shape[-1] // layer.num_heads
            total += 2 * output_values * head
    return total


def count_trainable(model):
    """Trainable numbers of a model."""
    return sum(math.prod(w.shape) for w in model.trainable_weights)
