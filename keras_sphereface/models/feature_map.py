"""The feature map of a classifier: what is left without its last layers."""

import keras

from keras_sphereface.backend.keras_internals import operation_of


def cut_classifier(model):
    """The model up to the last feature map before its classes.

    Args:
        model: functional `keras.Model` that returns a vector,
            `(batch_size, channels)`, such as one of `keras.applications` with
            `include_top=True`.

    Returns:
        `keras.Model` of the same layers, from the images to the last output,
        `(batch_size, height, width, channels)`, of a layer that is not
        followed by another map; or `None` where the model has none. A map of
        one place is taken for a vector.
    """
    tensor = model.outputs[0]
    while len(tensor.shape) != 4 or _is_vector(tensor):
        operation = operation_of(tensor)
        inputs = operation.input
        if not isinstance(inputs, keras.KerasTensor) or inputs is tensor:
            return None
        if isinstance(operation, keras.layers.InputLayer):
            return None
        tensor = inputs
    if any(tensor is given for given in model.inputs):
        return None
    return keras.Model(model.input, tensor, name=model.name)


def is_classifier(model):
    """Whether a model ends in probabilities of classes.

    Args:
        model: `keras.Model`.

    Returns:
        bool.
    """
    if not getattr(model, "layers", None):
        return False
    activation = getattr(model.layers[-1], "activation", None)
    return activation in (
        keras.activations.softmax,
        keras.activations.sigmoid,
    )


def _is_vector(tensor):
    """Whether pooling kept the axes, `(batch_size, 1, 1, channels)`."""
    return tuple(tensor.shape[1:3]) == (1, 1) and not isinstance(
        operation_of(tensor), keras.layers.InputLayer
    )
