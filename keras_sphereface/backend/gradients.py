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
        function: callable from float tensors to a float tensor, or a tuple of
            them, and a callable from as many upstream gradients to one
            gradient for each argument.

    Returns:
        Callable from the arguments to what `function` gives first.
    """
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        wrapped = tf.custom_gradient(function)

        def on_tensors(*values):
            # A variable would ask for a gradient of its own.
            return wrapped(*map(tf.convert_to_tensor, values))

        on_tensors.__doc__ = function.__doc__
        return on_tensors
    return _CUSTOM_GRADIENTS[backend](function)


def vector_jacobian(function, values, upstream):
    """Upstream gradient times the derivatives of `function` at `values`.

    Args:
        function: callable from float tensors to a tensor.
        values: tuple of float tensors, its arguments.
        upstream: float tensor, shaped like `function(*values)`.

    Returns:
        Tuple of float tensors, shaped like `values`.
    """
    if keras.backend.backend() == "jax":
        import jax

        return jax.vjp(function, *values)[1](upstream)
    if keras.backend.backend() == "torch":
        import torch

        with torch.enable_grad():
            values = tuple(v.detach().requires_grad_() for v in values)
            return torch.autograd.grad(
                function(*values), values, upstream, materialize_grads=True
            )
    import tensorflow as tf

    values = tuple(map(tf.convert_to_tensor, values))
    with tf.GradientTape() as tape:
        tape.watch(values)
        result = function(*values)
    return tape.gradient(
        result,
        values,
        output_gradients=upstream,
        unconnected_gradients=tf.UnconnectedGradients.ZERO,
    )


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


def _custom_gradient_on_jax(function):
    import jax

    def with_rule(*arguments):
        results, gradient = function(*arguments)
        if isinstance(results, tuple):
            return results, lambda upstreams: gradient(*upstreams)
        return results, gradient

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


_GRADIENTS = {
    "tensorflow": _gradients_on_tensorflow,
    "jax": _gradients_on_jax,
    "torch": _gradients_on_torch,
}
_CUSTOM_GRADIENTS = {
    "jax": _custom_gradient_on_jax,
    "torch": _custom_gradient_on_torch,
}
