"""Gradients that `keras.ops` has no word for, on whichever backend runs."""

import keras


def gradients(function, variables):
    """Gradients of `function()` with respect to variables.

    For looking at a model; training has the gradients of its own step.

    Args:
        function: callable without arguments, to a scalar.
        variables: list of `keras.Variable`.

    Returns:
        List of tensors, shaped like the variables.
    """
    values = [variable.value for variable in variables]
    return _GRADIENTS[keras.backend.backend()](function, variables, values)


def custom_gradient(function):
    """A function that says itself what its gradient is.

    Args:
        function: callable from float tensors to a tuple of float tensors and
            a callable from as many upstream gradients to one gradient for
            each argument.

    Returns:
        Callable from the arguments to the tuple of tensors.
    """
    return _CUSTOM_GRADIENTS[keras.backend.backend()](function)


def vector_jacobian(function, value, upstream):
    """Upstream gradient times the derivative of `function` at `value`.

    Args:
        function: callable from a tensor to a tensor.
        value: float tensor.
        upstream: float tensor, shaped like `function(value)`.

    Returns:
        Float tensor, shaped like `value`.
    """
    return _JACOBIANS[keras.backend.backend()](function, value, upstream)


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


def _custom_gradient_on_tensorflow(function):
    import tensorflow as tf

    wrapped = tf.custom_gradient(function)
    # A variable would ask for a gradient of its own.
    return lambda *arguments: wrapped(*map(tf.convert_to_tensor, arguments))


def _custom_gradient_on_jax(function):
    import jax

    def with_rule(*arguments):
        results, gradient = function(*arguments)
        return results, lambda upstreams: gradient(*upstreams)

    return jax.custom_gradient(with_rule)


def _custom_gradient_on_torch(function):
    import torch

    class Function(torch.autograd.Function):
        @staticmethod
        def forward(context, *arguments):
            results, context.gradient = function(*arguments)
            return results

        @staticmethod
        def backward(context, *upstreams):
            return context.gradient(*upstreams)

    return Function.apply


def _jacobian_on_tensorflow(function, value, upstream):
    import tensorflow as tf

    with tf.GradientTape() as tape:
        tape.watch(value)
        result = function(value)
    return tape.gradient(result, value, output_gradients=upstream)


def _jacobian_on_jax(function, value, upstream):
    import jax

    return jax.vjp(function, value)[1](upstream)[0]


def _jacobian_on_torch(function, value, upstream):
    import torch

    with torch.enable_grad():
        value = value.detach().requires_grad_()
        return torch.autograd.grad(function(value), value, upstream)[0]


_GRADIENTS = {
    "tensorflow": _gradients_on_tensorflow,
    "jax": _gradients_on_jax,
    "torch": _gradients_on_torch,
}
_CUSTOM_GRADIENTS = {
    "tensorflow": _custom_gradient_on_tensorflow,
    "jax": _custom_gradient_on_jax,
    "torch": _custom_gradient_on_torch,
}
_JACOBIANS = {
    "tensorflow": _jacobian_on_tensorflow,
    "jax": _jacobian_on_jax,
    "torch": _jacobian_on_torch,
}
