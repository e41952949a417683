import keras
import pytest

from keras_sphereface import optimizers


@pytest.fixture(autouse=True)
def names_are_given_back(monkeypatch):
    registry = optimizers.registry._OPTIMIZERS
    monkeypatch.setattr(registry, "_things", dict(registry._things))


def test_every_optimizer_of_keras_has_a_name():
    wrapped = {"Optimizer", "LossScaleOptimizer", "MultiOptimizer"}
    expected = {
        name.lower()
        for name, value in vars(keras.optimizers).items()
        if isinstance(value, type)
        and issubclass(value, keras.optimizers.Optimizer)
        and name not in wrapped
    }
    assert set(optimizers.names()) == expected
    assert {"sgd", "adam", "adamw", "lamb", "lion", "muon"} <= expected


@pytest.mark.parametrize("name", ["adamw", "AdamW", "ADAMW", "adam_w"])
def test_keras_s_names_may_be_written_in_any_way(name):
    optimizer = optimizers.get(name, 0.5, beta_1=0.8)
    assert isinstance(optimizer, keras.optimizers.AdamW)
    assert float(optimizer.learning_rate) == 0.5
    assert optimizer.beta_1 == 0.8
    assert optimizers.optimizer_class(name) is keras.optimizers.AdamW


class Slow(keras.optimizers.SGD):
    def __init__(self, learning_rate=0.125, patience=3, **kwargs):
        super().__init__(learning_rate, **kwargs)
        self.patience = patience


def test_a_user_s_optimizer_goes_by_its_name_and_module():
    optimizers.register("my_slow", Slow)
    assert "my_slow" in optimizers.names()
    optimizer = optimizers.get("my_slow", 0.5, patience=7)
    assert (type(optimizer), optimizer.patience) == (Slow, 7)
    keras_path = "keras.optimizers:Nadam"
    assert optimizers.optimizer_class(keras_path) is keras.optimizers.Nadam


def test_register_is_a_decorator():
    assert optimizers.register("again")(Slow) is Slow
    assert optimizers.optimizer_class("again") is Slow


def test_defaults_are_those_of_the_class_and_its_ancestors():
    optimizers.register("my_slow", Slow)
    assert optimizers.defaults("my_slow") == {
        "learning_rate": 0.125,
        "weight_decay": 0.0,
        "patience": 3,
        # By way of `**kwargs`.
        "momentum": 0.0,
        "nesterov": False,
    }
    assert optimizers.defaults("adamw") == {
        "learning_rate": 0.001,
        "weight_decay": 0.004,
        "beta_1": 0.9,
        "beta_2": 0.999,
        "epsilon": 1e-7,
        "amsgrad": False,
    }


@pytest.mark.parametrize("name", optimizers.names())
def test_an_optimizer_takes_its_defaults(name):
    arguments = optimizers.defaults(name)
    optimizer = optimizers.get(name, **arguments)
    plain = optimizers.optimizer_class(name)().get_config()
    found = optimizer.get_config()
    # Keras means the same by no decay and one of 0.
    for config in (plain, found):
        config["weight_decay"] = config["weight_decay"] or 0.0
        del config["name"]
    assert found == plain


class Needy(keras.optimizers.SGD):
    def __init__(self, learning_rate, slope, **kwargs):
        super().__init__(learning_rate, **kwargs)


class Closed(keras.optimizers.SGD):
    def __init__(self, learning_rate=0.1):
        super().__init__(learning_rate)


@pytest.mark.parametrize(
    "thing", [Needy, Closed, "sgd", keras.layers.Dense, len, Slow()]
)
def test_what_a_config_cannot_make_is_refused(thing):
    with pytest.raises(ValueError, match=r"subclass of keras\.optimizers"):
        optimizers.register("wrong", thing)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("adan", r"one of .*'adam'.* Keras optimizer .*name='adan'"),
        (3, r"name=3"),
        ("keras.layers:Dense", r"subclass of keras.*keras\.layers:Dense"),
        (
            "keras_sphereface.optimizers:ColumnOptimizer",
            r"needs a learning rate and nothing else",
        ),
        ("no_module:Adam", r"'module:name'.*no_module"),
    ],
)
def test_a_wrong_name_lists_the_right_ones(name, message):
    with pytest.raises(ValueError, match=message):
        optimizers.get(name, 0.1)
