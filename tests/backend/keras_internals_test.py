"""Each name that Keras does not promise, looked for in this Keras.

When a test here fails, Keras has changed what its message names; the function
of `keras_internals.py` with that name in it is where to follow.
"""

import inspect

import h5py
import keras
import numpy as np
import pytest
from keras import ops
from replicas import on_tensorflow

from keras_sphereface.backend import keras_internals
from keras_sphereface.backend.keras_internals import (
    OVERRIDDEN,
    PASSED,
    USED,
    all_layers,
    assigned_variables,
    draw_from,
    file_weights_as_functional,
    infers_shapes,
    is_evaluated_in_fit,
    learning_rate_of,
    moving_averages,
    operation_of,
    place_of,
    rand_augment_layers,
    saved_name,
    strategy_of,
    sync_variables,
    tell_directions,
    track,
    trained_variables,
)

X = np.random.default_rng(0).normal(size=(8, 3)).astype("float32")
Y = np.zeros((8, 1), "float32")


def no_longer(name):
    return f"Keras {keras.__version__} no longer has `{name}`"


def functional(model_class=keras.Model):
    inputs = keras.Input((3,), name="images")
    outputs = keras.layers.Dense(1, name="dense")(inputs)
    return model_class(inputs, outputs, name="inner")


class Recorded(keras.Model):
    """Notes which overridden methods Keras calls, and with what."""

    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(1)
        self.dense.build((None, 3))
        self.built = True
        self.calls = {}

    def call(self, inputs):
        return self.dense(inputs)

    def evaluate(self, *args, **kwargs):
        self.calls["evaluate"] = kwargs
        return super().evaluate(*args, **kwargs)

    def make_train_function(self, force=False):
        self.calls["make_train_function"] = force
        return super().make_train_function(force)

    def make_test_function(self, force=False):
        self.calls["make_test_function"] = force
        return super().make_test_function(force)

    def _maybe_symbolic_build(self, iterator=None, data_batch=None):
        self.calls["_maybe_symbolic_build"] = (iterator, data_batch)
        super()._maybe_symbolic_build(iterator, data_batch)


@pytest.fixture
def strategy():
    import tensorflow as tf

    return tf.distribute.OneDeviceStrategy("CPU:0")


@on_tensorflow
def test_a_fit_under_a_strategy_calls_what_we_override(strategy):
    with strategy.scope():
        model = Recorded()
        model.compile("sgd", "mse")
    model.fit(X, Y, validation_data=(X, Y), verbose=0)
    for method in (
        "_maybe_symbolic_build",
        "make_train_function",
        "make_test_function",
    ):
        assert method in model.calls, no_longer(f"Model.{method}")
        assert f"Model.{method}" in OVERRIDDEN
    iterator, data_batch = model.calls["_maybe_symbolic_build"]
    assert iterator is not None
    assert data_batch is None
    # What ours leave in these attributes is what `fit` runs.
    assert callable(model.train_function), no_longer("Model.train_function")
    assert callable(model.test_function), no_longer("Model.test_function")


def test_evaluate_knows_when_fit_calls_it():
    model = Recorded()
    model.compile("sgd", "mse")
    model.evaluate(X, Y, verbose=0)
    assert not is_evaluated_in_fit(model.calls["evaluate"])
    model.fit(X, Y, validation_data=(X, Y), verbose=0)
    [name] = PASSED
    assert is_evaluated_in_fit(model.calls["evaluate"]), no_longer(name)


@on_tensorflow
def test_the_strategy_of_a_model(strategy):
    assert strategy_of(functional()) is None
    with strategy.scope():
        model = functional()
    assert strategy_of(model) is strategy
    assert strategy_of(lambda images: images) is None


def test_check_finite_is_asked_before_a_step():
    class Never(keras.optimizers.LossScaleOptimizer):
        def check_finite(self, grads):
            return ops.convert_to_tensor(False)

    weight = keras.Variable(np.ones(2, "float32"))
    optimizer = Never(keras.optimizers.SGD(1.0))
    optimizer.build([weight])
    if keras.backend.backend() == "jax":
        [value], _ = optimizer.stateless_apply(
            [v.value for v in optimizer.variables],
            [ops.ones(2)],
            [weight.value],
        )
    else:
        optimizer.apply([ops.ones(2)], [weight])
        value = weight.value
    unchanged = (ops.convert_to_numpy(value) == 1).all()
    assert unchanged, no_longer("LossScaleOptimizer.check_finite")


def test_a_draw_asks_a_generator_for_a_seed():
    class Counted(keras.random.SeedGenerator):
        asked = 0

        def next(self, ordered=True):
            self.asked += 1
            return super().next(ordered)

    seed = Counted(1)
    keras.random.uniform((2,), seed=seed)
    keras.random.normal((2,), seed=seed)
    assert seed.asked == 2, no_longer("SeedGenerator.next")


def test_variables_are_those_of_fit_while_it_runs():
    weights = []

    class Look(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            sync_variables(self.model)
            weights.append(self.model.get_weights()[0].copy())

    model = functional()
    model.compile(keras.optimizers.SGD(0.1), "mse")
    model.fit(X, Y, batch_size=4, verbose=0, callbacks=[Look()])
    assert (weights[0] != weights[1]).all(), no_longer("Model.jax_state_sync")


def test_a_model_class_files_its_weights_as_functional(tmp_path):
    class Ours(keras.Model):
        pass

    file_weights_as_functional(Ours)
    names = []
    for number, model_class in enumerate((Ours, keras.Model)):
        inputs = keras.Input((3,))
        outer = keras.Model(inputs, functional(model_class)(inputs))
        path = tmp_path / f"{number}.weights.h5"
        outer.save_weights(path)
        with h5py.File(path) as file:
            found = []
            file.visit(found.append)
        names.append(found)
        outer.load_weights(tmp_path / "0.weights.h5")
    assert names[0] == names[1], no_longer("Functional.__name__ for weights")
    assert any("functional" in name for name in names[0])


def test_all_layers_are_found_to_the_bottom():
    inputs = keras.Input((3,))
    inner = functional()
    wrapped = keras.layers.TimeDistributed(keras.layers.Dense(2, name="deep"))
    outputs = wrapped(keras.layers.Reshape((1, 1))(inner(inputs)))
    found = all_layers(keras.Model(inputs, outputs))
    names = {layer.name for layer in found}
    assert {"inner", "dense", "deep"} <= names
    assert inner in found


def test_a_symbolic_tensor_knows_its_layer():
    model = functional()
    assert operation_of(model.output) is model.get_layer("dense")
    source = operation_of(model.get_layer("dense").input)
    assert isinstance(source, keras.layers.InputLayer)


@pytest.mark.parametrize("name", ["gamma", "beta", "moving_variance"])
def test_a_weight_is_filed_under_the_name_that_is_found(name):
    layer = keras.layers.BatchNormalization()
    layer.build((None, 3))
    weight = getattr(layer, name)
    weight.assign([1, 2, 3])
    store = {}
    layer.save_own_variables(store)
    np.testing.assert_array_equal(store[saved_name(layer, weight)], [1, 2, 3])


def test_a_weight_of_another_layer_has_no_name():
    layers = [keras.layers.BatchNormalization() for _ in range(2)]
    for layer in layers:
        layer.build((None, 3))
    with pytest.raises(RuntimeError, match=keras.__version__):
        saved_name(layers[0], layers[1].gamma)


def test_what_an_optimizer_was_built_for_and_with():
    weights = [keras.Variable(np.ones((3, 4), "float32")) for _ in range(4)]
    schedule = keras.optimizers.schedules.CosineDecay(0.1, 10)
    optimizer = keras.optimizers.SGD(schedule, use_ema=True)
    optimizer.build(weights)
    assert all(
        found is weight
        for found, weight in zip(
            trained_variables(optimizer), weights, strict=True
        )
    )
    assert [place_of(optimizer, weight) for weight in weights] == [0, 1, 2, 3]
    assert learning_rate_of(optimizer) is schedule
    averages = moving_averages(optimizer)
    assert [tuple(average.shape) for average in averages] == [(3, 4)] * 4
    own = keras.Variable(np.zeros(2, "float32"))
    track(optimizer, own)
    assert optimizer.variables[-1] is own


def test_an_augmentation_draws_from_the_generator_it_is_given():
    tf = pytest.importorskip("tensorflow")

    class Counted(keras.random.SeedGenerator):
        asked = 0

        def next(self, ordered=True):
            self.asked += 1
            return tf.constant([1, 2], "int32")

    layer, seed = keras.layers.RandomRotation(0.1), Counted(1)
    draw_from(layer, seed)
    images = tf.data.Dataset.from_tensors(np.ones((2, 4, 4, 3), "float32"))
    next(iter(images.map(lambda image: layer(image, training=True))))
    assert seed.asked, no_longer("DataLayer._backend_generators")
    draw_from(keras.layers.Dense(1), seed)


def test_keras_says_when_it_only_infers_shapes():
    seen = []

    def step(tensor):
        seen.append(infers_shapes())
        return tensor

    keras.layers.Lambda(step)(keras.Input((3,)))
    step(ops.ones(2))
    assert seen[0], no_longer("symbolic_scope.in_symbolic_scope")
    assert not seen[-1]


def test_rand_augment_has_its_eleven_layers():
    layers = rand_augment_layers(keras.layers.RandAugment(value_range=(0, 255)))
    assert len({id(layer) for layer in layers}) == 11
    assert all(isinstance(layer, keras.layers.Layer) for layer in layers)


def test_a_name_that_is_gone_is_an_error_with_the_version():
    with pytest.raises(RuntimeError) as error:
        trained_variables(object())
    assert f"Keras {keras.__version__} has no" in str(error.value)
    assert "`object._trainable_variables`" in str(error.value)


def test_each_name_has_a_reason_and_is_used():
    text = inspect.getsource(keras_internals)
    for name, reason in {**USED, **PASSED, **OVERRIDDEN}.items():
        assert reason, name
    for name in {**USED, **PASSED}:
        # In its table, and where it is used.
        assert text.count(name.rsplit(".", 1)[-1]) >= 2, name


def test_variables_that_a_layer_assigns_are_told_from_frozen_ones():
    inputs = keras.Input((3,))
    norm = keras.layers.BatchNormalization()
    model = keras.Model(inputs, norm(keras.layers.Dense(2)(inputs)))
    model.trainable = False
    assert len(model.non_trainable_variables) == 6
    found = assigned_variables(keras.Sequential([model, norm]))
    assert [v.name for v in found] == ["moving_mean", "moving_variance"]


def test_directions_are_told_once_and_measure_nothing():
    model = functional()
    model.compile("sgd", "mse")
    for _ in range(2):
        tell_directions(model, {"far": "up", "near": "down"})
    (told,) = model.metrics[-1:]
    assert [metric.name for metric in told.metrics] == ["far", "near"]
    assert len(model.metrics) == 2, no_longer("Layer._tracker")
    before = len(model.metrics_variables)
    model.fit(X, Y, verbose=0)
    assert set(model.evaluate(X, Y, verbose=0, return_dict=True)) == {"loss"}
    assert len(model.metrics_variables) == before
