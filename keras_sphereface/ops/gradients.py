"""Gradients of a scalar function on whichever backend Keras runs."""

import keras


def gradients(function, variables):
    """Gradients of `function()` with respect to variables.

    `keras.ops` has no word for it. For looking at a model; training has the
    gradients of its own step.

    Args:
        function: callable without arguments, to a scalar.
        variables: list of `keras.Variable`.

    Returns:
        List of tensors, shaped like the variables.
    """
    values = [variable.value for variable in variables]
    return _GRADIENTS[keras.backend.backend()](function, variables, values)


def _gradients_on_tensorflow(function, variables, values):
    import tensorflow as tf

    with tf.GradientTape() as tape:
        result = function()
    return [tf.convert_to_tensor(g) for g in tape.gradient(result, values)]


def _gradients_on_jax(function, variables, values):
    import jax

    def stateless(values):
        mapping = list(zip(variables, values, strict=True))
        with keras.StatelessScope(state_mapping=mapping):
            return function()

    return jax.grad(stateless)(values)


def _gradients_on_torch(function, variables, values):
    import torch

    with torch.enable_grad():
        return list(torch.autograd.grad(function(), values))


_GRADIENTS = {
    "tensorflow": _gradients_on_tensorflow,
    "jax": _gradients_on_jax,
    "torch": _gradients_on_torch,
}
