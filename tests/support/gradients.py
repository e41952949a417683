"""Gradients of a scalar function on whichever backend Keras runs."""

import keras
from keras import ops


def value_and_gradients(function, variables):
    """`function()` and its gradients with respect to `keras.Variable`s."""
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        with tf.GradientTape() as tape:
            value = function()
        gradients = tape.gradient(value, [v.value for v in variables])
        gradients = [tf.convert_to_tensor(g) for g in gradients]
    elif backend == "jax":
        import jax

        def stateless(values):
            mapping = list(zip(variables, values, strict=True))
            with keras.StatelessScope(state_mapping=mapping):
                return function()

        value, gradients = jax.value_and_grad(stateless)(
            [v.value for v in variables]
        )
    else:
        import torch

        value = function()
        gradients = torch.autograd.grad(value, [v.value for v in variables])
    to_numpy = ops.convert_to_numpy
    return to_numpy(value), [to_numpy(g) for g in gradients]
