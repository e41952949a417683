"""Steps of momentum that need no memory of the size of the weights."""

import functools

import keras

from keras_sphereface.backend.keras_internals import place_of


def momentum_in_place(optimizer):
    """Lets an optimizer take its steps in place, where TensorFlow can.

    Written in `keras.ops`, a step of SGD with momentum holds two more matrices
    of the size of each weight, which for the centers of very many classes is
    most of the memory that a step takes. TensorFlow has one kernel for it,
    with the same result to rounding. Other optimizers, optimizers of replicas
    and other backends keep what they have.

    Args:
        optimizer: `keras.optimizers.Optimizer`.

    Returns:
        `optimizer`.
    """
    if (
        keras.backend.backend() == "tensorflow"
        and type(optimizer) is keras.optimizers.SGD
        and optimizer.momentum
    ):
        import tensorflow as tf

        if not tf.distribute.has_strategy():
            optimizer.update_step = functools.partial(_step, optimizer)
    return optimizer


def _step(optimizer, gradient, variable, learning_rate):
    import tensorflow as tf

    memory = optimizer.momentums[place_of(optimizer, variable)].value
    if isinstance(variable, keras.Variable):
        variable = variable.value
    tf.raw_ops.ResourceApplyKerasMomentum(
        var=variable.handle,
        accum=memory.handle,
        lr=tf.cast(learning_rate, variable.dtype),
        grad=tf.cast(gradient, variable.dtype),
        momentum=tf.cast(optimizer.momentum, variable.dtype),
        use_nesterov=optimizer.nesterov,
    )
