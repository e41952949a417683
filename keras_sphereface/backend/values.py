"""Values known now or only in a compiled step; those that may stay.

Labels are checked before a step uses them; what a step leaves in the state of
a model, after it.
"""

import functools

import keras
import numpy as np
from keras import ops

from keras_sphereface.backend.keras_internals import (
    assigned_variables,
    infers_shapes,
    strategy_of,
)
from keras_sphereface.backend.replicas import sum_over_replicas


def check_labels(labels, num_classes, name="labels", *, takes_floats=False):
    """Class labels as int32, checked, and soft labels where they are given.

    Rank and dtype are checked while the step is traced. The range needs the
    values: they are checked at once when execution is eager, and inside the
    compiled step otherwise. XLA on TensorFlow (`jit_compile=True`) cannot
    raise; there a wrong label comes back as -1, which is to become a loss of
    NaN.

    Args:
        labels: integer tensor or array, `(batch_size,)` or
            `(batch_size, 1)`, class indices in `[0, num_classes)`; or
            `(batch_size, num_classes)`, soft labels: what each class counts,
            at least 0, 1 in all.
        num_classes: int, number of classes.
        name: str, what an error calls them. Defaults to `"labels"`.
        takes_floats: bool, whether indices may be whole floats: a
            `keras.losses.Loss` casts them to float32, which is exact up to
            2^24. Defaults to `False`.

    Returns:
        Tuple of an int32 tensor, `(batch_size,)`, of soft labels the class
        that counts most; and the soft labels in float32, or `None`.
    """
    if not ops.is_tensor(labels) and not isinstance(labels, keras.KerasTensor):
        # A backend may wrap them to int32, so they are checked before.
        labels = np.asarray(labels)
    shape = tuple(labels.shape)
    dtype = keras.backend.standardize_dtype(labels.dtype)
    if len(shape) == 2 and shape[1] == num_classes > 1:
        rows = ops.cast(ops.convert_to_tensor(labels), "float32")
        is_share = ops.min(rows, axis=-1) >= 0.0
        is_whole = ops.abs(ops.sum(rows, axis=-1) - 1.0) <= 1e-3
        is_wrong = ops.logical_not(is_share & is_whole)
        labels = ops.cast(ops.argmax(rows, axis=-1), "int32")
        labels = ops.where(is_wrong, -1, labels)
        message = (
            f"each row of `{name}` must be at least 0 and sum to 1, as soft "
            "labels do."
        )
        return checked(labels, rows, is_wrong, message), rows
    if len(shape) == 2 and shape[1] == 1:
        labels = labels[:, 0]
    elif len(shape) != 1:
        raise ValueError(
            f"`{name}` must have shape (batch_size,), one class index per "
            f"sample, or (batch_size, {num_classes}), soft labels. "
            f"Received: {name} of shape {shape}"
        )
    if "int" not in dtype and not takes_floats:
        raise ValueError(
            f"`{name}` must be integer class indices, or soft labels of shape "
            f"(batch_size, {num_classes}). Received: {name} of dtype {dtype} "
            f"and shape {shape}"
        )
    if takes_floats:
        labels = ops.convert_to_tensor(labels)
    if not dtype.endswith(("32", "64")):  # may not hold `num_classes`
        labels = ops.cast(labels, "int32")
    indices = ops.cast(labels, "int32")
    is_wrong = (labels < 0) | (labels >= num_classes)
    if takes_floats:
        is_wrong |= ops.cast(indices, labels.dtype) != labels
    message = (
        f"`{name}` must be in [0, {num_classes}), as num_classes={num_classes}."
    )
    indices = ops.where(is_wrong, -1, indices)
    return checked(indices, labels, is_wrong, message), None


def checked(labels, values, is_wrong, message):
    """`labels`, once no entry of `values` is wrong.

    Args:
        labels: tensor, what comes back.
        values: tensor, what an error shows.
        is_wrong: bool tensor, like `values`.
        message: str, what was expected.

    Returns:
        `labels`.
    """
    if isinstance(labels, keras.KerasTensor):
        return labels
    if is_traced(labels):
        check = _CHECKS_IN_A_STEP[keras.backend.backend()]
        return check(labels, values, is_wrong, message)
    is_wrong = ops.convert_to_numpy(is_wrong)
    if is_wrong.any():
        _raise_wrong(ops.convert_to_numpy(values)[is_wrong], message)
    return labels


def _raise_wrong(wrong, message):
    more = f" and {len(wrong) - 5} more" if len(wrong) > 5 else ""
    raise ValueError(f"{message} Received: {wrong[:5].tolist()}{more}")


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
    return infers_shapes()


def _check_on_tensorflow(labels, values, is_wrong, message):
    import tensorflow as tf

    low, high = tf.reduce_min(values), tf.reduce_max(values)
    check = tf.debugging.Assert(
        tf.reduce_all(tf.logical_not(is_wrong)),
        [message, "Received: values from", low, "to", high],
    )
    with tf.control_dependencies([check]):
        return tf.identity(labels)


def _check_on_jax(labels, values, is_wrong, message):
    import jax

    jax.debug.callback(
        lambda labels, values, is_wrong: checked(
            labels, values, is_wrong, message
        ),
        labels,
        values,
        is_wrong,
    )
    return labels


def _check_on_torch(labels, values, is_wrong, message):
    return labels


_CHECKS_IN_A_STEP = {
    "tensorflow": _check_on_tensorflow,
    "jax": _check_on_jax,
    "torch": _check_on_torch,
}


class StepState:
    """What a step of training changes beside the weights it trains.

    Args:
        model: `keras.Model`, built.
        faults: `keras.metrics.Sum` over losses that are not finite.

    Attributes:
        variables: list of `keras.Variable`, the floats that a forward pass
            may assign, such as moving means. Those that sum up over replicas
            are left out: assigned anew, they would be summed again.
        faults: `keras.Variable`, how many losses were not finite.
        has_replicas: bool, whether several devices must agree.
    """

    def __init__(self, model, faults):
        self.variables = [
            variable
            for variable in assigned_variables(model)
            if "float" in variable.dtype and variable.aggregation != "sum"
        ]
        [self.faults] = faults.variables
        strategy = strategy_of(model)
        self.has_replicas = (
            strategy is not None and strategy.num_replicas_in_sync > 1
        )


def steady_step(step):
    """A step of training that leaves no trace in state unless it is finite.

    A step is not finite if the loss of a sample, or what its forward pass
    assigned, is NaN or infinite, or if loss scaling skips it. Then everything
    that it assigned is as before, on all replicas, so that one overflow does
    not stay in a moving mean for ever. It costs a look at these few numbers.

    Args:
        step: `keras.Model.train_step`, of a model that has its `StepState` in
            `step_state`.

    Returns:
        A method like it.
    """
    if keras.backend.backend() == "jax":
        return _steady_step_on_jax(step)

    @functools.wraps(step)
    def train_step(model, data):
        state = model.step_state
        if not state.variables:
            return step(model, data)
        scale = getattr(model.optimizer, "dynamic_scale", None)
        before = [*map(ops.copy, state.variables)]
        faults = ops.copy(state.faults)
        scale_before = None if scale is None else ops.copy(scale)
        logs = step(model, data)
        now = [*map(ops.convert_to_tensor, state.variables)]
        # In one row, since a call per layer would cost more.
        rows = map(functools.partial(ops.reshape, newshape=(-1,)), now)
        is_finite = ops.all(ops.isfinite(ops.concatenate([*rows])))
        is_finite &= ops.equal(faults, state.faults)
        if scale is not None:
            is_finite &= ops.greater_equal(scale, scale_before)
        if state.has_replicas:
            is_broken = ops.cast(~is_finite, "int32")
            is_finite = ops.equal(sum_over_replicas(is_broken), 0)
        for variable, value, old in zip(
            state.variables, now, before, strict=True
        ):
            variable.assign(ops.where(is_finite, value, old))
        return logs

    return train_step


def _steady_step_on_jax(step):
    @functools.wraps(step)
    def train_step(model, state, data):
        watched = {id(variable) for variable in model.step_state.variables}
        logs, after = step(model, state, data)
        places = [
            place
            for place, variable in enumerate(model.non_trainable_variables)
            if id(variable) in watched
        ]
        [fault] = [
            place
            for place, variable in enumerate(model.metrics_variables)
            if variable is model.step_state.faults
        ]
        is_finite = ops.equal(state[3][fault], after[3][fault])
        for place in places:
            is_finite &= ops.all(ops.isfinite(after[1][place]))
        scale = getattr(model.optimizer, "dynamic_scale", None)
        for place, variable in enumerate(model.optimizer.variables):
            if variable is scale:
                is_finite &= ops.greater_equal(after[2][place], state[2][place])
        kept = list(after[1])
        for place in places:
            kept[place] = ops.where(is_finite, kept[place], state[1][place])
        return logs, (after[0], kept, *after[2:])

    return train_step
