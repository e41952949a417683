"""All that changes in a recognizer while it trains, as arrays."""

import keras
import numpy as np

from keras_sphereface.backend.distributed_fit import scope
from keras_sphereface.backend.keras_internals import (
    moving_averages,
    sync_variables,
)
from keras_sphereface.class_softmax import pad_columns
from keras_sphereface.training.checkpoints import CheckpointError


def recognizer_state(recognizer):
    """Weights, statistics, random states, optimizer, loss scale and metrics.

    Args:
        recognizer: `FaceRecognizer` that has an optimizer.

    Returns:
        Dict of NumPy arrays by name.
    """
    sync_variables(recognizer)
    with scope(recognizer):
        return {
            name: _logical(recognizer.head, _array(variable))
            for name, variable in _variables(recognizer).items()
        }


def restore_state(recognizer, arrays):
    """Sets the recognizer to what `recognizer_state` returned.

    Args:
        recognizer: `FaceRecognizer` of the same kind, with an optimizer.
        arrays: dict of NumPy arrays.
    """
    variables = _variables(recognizer)
    if set(variables) != set(arrays):
        raise CheckpointError(
            "the checkpoint is of another model: it has "
            f"{len(arrays)} variables, the model {len(variables)}"
        )
    arrays = {
        name: _physical(recognizer.head, variables[name], array)
        for name, array in arrays.items()
    }
    for name, variable in variables.items():
        if tuple(variable.shape) != arrays[name].shape:
            raise CheckpointError(
                f"the checkpoint is of another model: {name} has shape "
                f"{arrays[name].shape}, not {tuple(variable.shape)}"
            )
    with scope(recognizer):
        for name, variable in variables.items():
            variable.assign(arrays[name])


def write_metrics(recognizer, arrays):
    """Sets the metrics alone, after Keras has reset them for an epoch."""
    with scope(recognizer):
        for name, variable in _variables(recognizer).items():
            if name.startswith("metrics/"):
                variable.assign(arrays[name])


def non_finite_weights(model):
    """The weights of a model that are NaN or infinite somewhere.

    Args:
        model: `keras.Model`.

    Returns:
        List of str, their paths.
    """
    sync_variables(model)
    return [
        variable.path
        for variable in model.weights
        if "float" in variable.dtype
        # On the device: only one number per weight leaves it.
        and not bool(keras.ops.all(keras.ops.isfinite(variable)))
    ]


def unshare_weights(recognizer):
    """Gives each weight an array of its own.

    At the end of `fit` on JAX, Keras lets a weight and its moving average be
    one array, which the next compiled call then takes away from both.
    """
    if keras.backend.backend() == "jax":
        for variable in recognizer.trainable_variables:
            variable.assign(_array(variable))


def finish_weights(recognizer):
    """Puts the average of the weights in their place, if there is one.

    So does Keras at the end of `fit`; a second time changes nothing.
    """
    recognizer.optimizer.finalize_variable_values(
        recognizer.trainable_variables
    )
    unshare_weights(recognizer)


def _variables(recognizer):
    if not recognizer.optimizer.built:
        with scope(recognizer):
            recognizer.optimizer.build(recognizer.trainable_variables)
    groups = {
        "model": recognizer.variables,
        "optimizer": recognizer.optimizer.variables,
        "metrics": recognizer.metrics_variables,
    }
    return {
        f"{group}/{index:04d}": variable
        for group, variables in groups.items()
        for index, variable in enumerate(variables)
    }


class AveragedWeights:
    """The moving average of the weights, in the model for a while.

    Args:
        recognizer: `FaceRecognizer` whose optimizer has `use_ema`, or not;
            then nothing happens.
    """

    def __init__(self, recognizer):
        self.recognizer = recognizer

    def __enter__(self):
        optimizer = self.recognizer.optimizer
        while hasattr(optimizer, "inner_optimizer"):
            optimizer = optimizer.inner_optimizer
        self._kept = []
        if not optimizer.use_ema:
            return
        for variable, average in zip(
            self.recognizer.trainable_variables,
            moving_averages(optimizer),
            strict=True,
        ):
            self._kept.append((variable, _array(variable)))
            variable.assign(_array(average))

    def __exit__(self, *_):
        for variable, value in self._kept:
            variable.assign(value)


def _logical(head, array):
    """An array as a head on one device has it, without padding."""
    if head.padding and array.shape == tuple(head.centers.shape):
        return array[:, : head.num_classes]
    return array


def _physical(head, variable, array):
    """An array as the head on these devices has it."""
    if head.padding and variable.shape == head.centers.shape:
        return np.array(pad_columns(array, head.padding))
    return array


def _array(variable):
    tensor = keras.ops.convert_to_tensor(variable)
    return np.array(keras.ops.convert_to_numpy(tensor))
