"""Everything of Keras that this package needs and Keras does not promise.

Keras may rename any of it in any release. The rest of the package reaches it
by the functions here; where a method must be overridden, the override stands
in its class and its name in `OVERRIDDEN`. Tests look for each name in the
Keras that is installed.
"""

import types

import keras

# Attributes that are read or set, in this file alone.
USED = {
    "Model._distribute_strategy": (
        "the strategy a model was made under; the public property makes one up"
    ),
    "Model.jax_state_sync": (
        "on JAX, `fit` keeps the weights out of their variables"
    ),
    "Functional.__name__": (
        "a file of weights has them under the name of the layer's class"
    ),
    "Layer._tracker": "of a built model, where callbacks look for metrics",
    "Metric._direction": "whether a callback is to wait for more or for less",
    "compile_utils.MetricsList": "the one list of metrics that they look into",
    "Layer._flatten_layers": "layers within models within a model",
    "Layer._non_trainable_variables": (
        "those made to be assigned, where a frozen layer has others"
    ),
    "KerasTensor._keras_history": "the layer that a symbolic tensor is from",
    "Optimizer._trainable_variables": "the weights it was built for",
    "Optimizer._get_variable_index": (
        "the place of a weight, whichever replica's it is"
    ),
    "Optimizer._track_variable": (
        "`add_variable` makes none that differ between replicas"
    ),
    "Optimizer._learning_rate": (
        "the schedule; the public property is its value now"
    ),
    "Optimizer._model_variables_moving_average": "the averages of `use_ema`",
    "symbolic_scope.in_symbolic_scope": (
        "on torch, Keras infers shapes by calls on tensors of ones"
    ),
    "DataLayer._backend_generators": (
        "beside another backend, where a layer's draws in tf.data come from"
    ),
}

# Arguments that Keras gives to a method of ours.
PASSED = {
    "Model.evaluate._use_cached_eval_dataset": (
        "`fit` evaluates on data that it has spread over the replicas already"
    ),
}

# Methods that a class of ours defines anew.
OVERRIDDEN = {
    "Model._maybe_symbolic_build": (
        "under a strategy, `fit` averages labels over the replicas in it"
    ),
    "Model.make_train_function": (
        "on several workers it reduces logs along an axis they do not have"
    ),
    "Model.make_test_function": "as `make_train_function`",
    "LossScaleOptimizer.check_finite": "`apply` asks the first replica only",
    "SeedGenerator.next": (
        "`keras.random` asks it for a seed, of which Keras keeps the state"
    ),
}

_RAND_AUGMENT = (
    "random_shear",
    "random_translation",
    "random_rotation",
    "random_brightness",
    "random_color_degeneration",
    "random_contrast",
    "random_sharpness",
    "solarization",
    "random_posterization",
    "auto_contrast",
    "equalization",
)


def strategy_of(model):
    """The `tf.distribute.Strategy` a model was made under, or `None`."""
    on_tensorflow = keras.backend.backend() == "tensorflow"
    if not on_tensorflow or not isinstance(model, keras.Model):
        return None
    return _attribute(model, "_distribute_strategy")


def infers_shapes():
    """Whether Keras only asks what shapes a call gives."""
    from keras.src.backend.common import symbolic_scope

    return _attribute(symbolic_scope, "in_symbolic_scope")()


def is_evaluated_in_fit(arguments):
    """Whether `evaluate` was given these arguments by `fit`."""
    return bool(arguments.get("_use_cached_eval_dataset"))


def sync_variables(model):
    """Gives the variables of a model the values they have within `fit`."""
    if keras.backend.backend() == "jax":
        _attribute(model, "jax_state_sync")()


def file_weights_as_functional(model_class):
    """Makes weights of a class load into a functional `keras.Model`, and back.

    Args:
        model_class: subclass of `keras.Model`. Its module must know it as
            `Functional` too, where Keras looks for the class of a file.
    """
    model_class.__name__ = "Functional"


def all_layers(model):
    """A model, its layers, and theirs.

    Args:
        model: `keras.Model`.

    Returns:
        List of `keras.layers.Layer`, models among them.
    """
    return list(_attribute(model, "_flatten_layers")())


def assigned_variables(model):
    """Variables that a forward pass may assign: made as not trainable.

    Args:
        model: `keras.Model`.

    Returns:
        List of `keras.Variable`, each once; no frozen weights.
    """
    found = {
        id(variable): variable
        for layer in all_layers(model)
        for variable in _attribute(layer, "_non_trainable_variables")
    }
    return list(found.values())


def tell_directions(model, directions):
    """Says which way numbers in the logs get better.

    So that `monitor=` of Keras's callbacks needs no `mode=`. Keras asks the
    metrics that `compile` was given; this adds a list of others, which measures
    nothing and has no state.

    Args:
        model: `keras.Model`.
        directions: dict of `"up"` or `"down"` by name.
    """
    from keras.src.trainers import compile_utils

    metrics_list = _attribute(compile_utils, "MetricsList")
    _, metrics = _attribute(model, "_tracker").config["metrics"]
    told = next((m for m in metrics if isinstance(m, metrics_list)), None)
    if told is None:
        told = metrics_list([], name="directions")
        told.result = dict
        metrics.append(told)
    known = {metric.name for metric in told.metrics}
    told.metrics.extend(
        types.SimpleNamespace(
            name=name, _direction=direction, reset_state=lambda: None
        )
        for name, direction in directions.items()
        if name not in known
    )


def operation_of(tensor):
    """The operation or layer whose output a symbolic tensor is.

    Args:
        tensor: `keras.KerasTensor` of a functional model.

    Returns:
        `keras.Operation`; a `keras.layers.InputLayer` for an input.
    """
    return _attribute(tensor, "_keras_history").operation


def saved_name(layer, variable):
    """Under what name `save_own_variables` of Keras files a weight.

    Args:
        layer: `keras.layers.Layer`.
        variable: `keras.Variable` of that layer itself.

    Returns:
        Str.
    """
    kept = {}
    keras.layers.Layer.save_own_variables(layer, kept)
    for name, value in kept.items():
        if value is variable:
            return name
    raise _changed(f"`Layer.save_own_variables` with `{variable.path}` in it")


def trained_variables(optimizer):
    """The weights that an optimizer was built for, a list."""
    return _attribute(optimizer, "_trainable_variables")


def place_of(optimizer, variable):
    """Index of a weight in `trained_variables`."""
    return _attribute(optimizer, "_get_variable_index")(variable)


def track(optimizer, variable):
    """Makes a `keras.Variable` part of an optimizer's state."""
    _attribute(optimizer, "_track_variable")(variable)


def learning_rate_of(optimizer):
    """The learning rate as it was given: a schedule, or a variable."""
    return _attribute(optimizer, "_learning_rate")


def moving_averages(optimizer):
    """What `use_ema` keeps: a variable for each of `trained_variables`."""
    return _attribute(optimizer, "_model_variables_moving_average")


def slots_of(optimizer, variable):
    """What an optimizer remembers of each entry of a weight.

    Keras calls such a variable by the path of its weight and a word of its
    own, as in `head_centers_momentum`. One weight may be called as another and
    more; the longest path is meant.

    Args:
        optimizer: `keras.optimizers.Optimizer`, built.
        variable: `keras.Variable`, one of `trained_variables`.

    Returns:
        List of `keras.Variable`, each shaped like `variable`.

    Raises:
        ValueError: if it cannot be told of which weight the optimizer
            remembers something, or of which entry.
    """
    paths = [_flat(other.path) for other in trained_variables(optimizer)]
    path = _flat(variable.path)
    if paths.count(path) != 1:
        raise ValueError(
            "the optimizer must know each weight by another name. "
            f"Received: {paths.count(path)} weights called {path!r}"
        )
    slots = []
    for state in optimizer.variables:
        if len(state.shape) == 0:
            continue
        called = state.path.rsplit("/", 1)[-1]
        owners = [each for each in paths if called.startswith(f"{each}_")]
        owner = max(owners, key=len, default=None)
        if owner is None or (owner == path and state.shape != variable.shape):
            raise ValueError(
                f"`inner_optimizer` must remember something of each entry of "
                f"{variable.path!r}, or nothing. Received: "
                f"{type(optimizer).__name__} of Keras {keras.__version__} "
                f"with {state.path!r} of shape {tuple(state.shape)}"
            )
        if owner == path:
            slots.append(state)
    return slots


def draw_from(layer, generator):
    """Makes an augmentation layer draw from another generator, if it draws.

    Args:
        layer: `keras.layers.Layer`.
        generator: `keras.random.SeedGenerator`.
    """
    if hasattr(layer, "generator"):
        layer.generator = generator
        layer._backend_generators = {"tensorflow": generator}


def rand_augment_layers(layer):
    """The augmentations that a `keras.layers.RandAugment` chooses from."""
    return [_attribute(layer, name) for name in _RAND_AUGMENT]


def _flat(path):
    return path.replace("/", "_")


def _attribute(owner, name):
    try:
        return getattr(owner, name)
    except AttributeError:
        raise _changed(f"`{type(owner).__name__}.{name}`") from None


def _changed(what):
    return RuntimeError(
        f"Keras {keras.__version__} has no {what}, which keras_sphereface "
        "needs; use a release of Keras that it was tested with"
    )
