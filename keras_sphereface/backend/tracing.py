"""Whether a number is known now, or only when a compiled step runs."""

import keras


def is_traced(tensor):
    """Whether `tensor` has no value yet, since a step is being compiled.

    Args:
        tensor: tensor of the backend.

    Returns:
        Bool.
    """
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        return not tf.executing_eagerly()
    if backend == "jax":
        import jax

        return isinstance(tensor, jax.core.Tracer)
    return False
