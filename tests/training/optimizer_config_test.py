import dataclasses
import json
import math

import keras
import numpy as np
import pytest

from keras_sphereface import optimizers
from keras_sphereface.training import OptimizerConfig


def test_sgd_has_the_published_numbers_of_face_recognition():
    config = OptimizerConfig()
    assert config.name == "sgd"
    assert config.learning_rate == 0.1
    assert config.weight_decay == 5e-4
    assert config.arguments == {"momentum": 0.9, "nesterov": False}


@pytest.mark.parametrize(
    ("name", "rate", "decay", "some"),
    [
        ("adamw", 0.001, 0.004, {"beta_1": 0.9, "amsgrad": False}),
        ("Lamb", 0.001, 0.0, {"beta_2": 0.999, "epsilon": 1e-7}),
        ("muon", 0.001, 0.004, {"momentum": 0.95, "exclude_layers": None}),
        ("RMSprop", 0.001, 0.0, {"rho": 0.9, "momentum": 0.0}),
    ],
)
def test_others_have_the_defaults_of_keras(name, rate, decay, some):
    config = OptimizerConfig(name)
    assert (config.learning_rate, config.weight_decay) == (rate, decay)
    assert some.items() <= config.arguments.items()


def test_a_report_lists_arguments_in_the_order_of_keras():
    """An order that changed with each process would change exported files."""
    for name in ("adam", "muon", "rmsprop", "sgd"):
        found = list(OptimizerConfig(name).arguments)
        assert len(found) > 1
        assert found == [k for k in optimizers.defaults(name) if k in found]


def test_what_is_given_stays_and_becomes_json():
    config = OptimizerConfig(
        "muon",
        {"momentum": np.float64(0.5), "exclude_layers": ["neck"]},
        learning_rate=np.float32(0.25),
        weight_decay=0,
        milestones=[],
    )
    content = json.loads(json.dumps(config.to_dict()))
    assert content["learning_rate"] == 0.25
    assert content["weight_decay"] == 0.0
    assert content["momentum"] == 0.5
    assert content["exclude_layers"] == ["neck"]
    assert content["ns_steps"] == 5
    assert dataclasses.replace(config) == config


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"learning_rate": 0.0}, r"`learning_rate` must be above 0"),
        ({"learning_rate": -1}, r"`learning_rate`.*learning_rate=-1"),
        ({"weight_decay": -1e-9}, r"`weight_decay` must be at least 0"),
        ({"final_fraction": 1.5}, r"`final_fraction` must be in \[0, 1\]"),
        ({"ema_momentum": 1.0}, r"`ema_momentum` must be in \[0, 1\)"),
        ({"ema_momentum": 2}, r"`ema_momentum`.*ema_momentum=2"),
        ({"global_clipnorm": 0.0}, r"`global_clipnorm` must be above 0"),
        ({"warmup_epochs": -0.5}, r"`warmup_epochs` must be at least 0"),
        ({"accumulation_steps": 0}, "accumulation_steps=0"),
        ({"schedule": "step"}, r"`schedule`.*multi_step"),
        ({"schedule": "multi_step"}, r"`milestones` must be epochs in ascend"),
        (
            {"schedule": "multi_step", "milestones": (20, 10)},
            r"ascending order.*\(20, 10\)",
        ),
        (
            {"schedule": "multi_step", "milestones": (0, 10)},
            r"`milestones` must be above 0",
        ),
        ({"schedule": "multi_step", "milestones": 10}, r"milestones=10"),
        ({"milestones": (math.nan,)}, r"`milestones`.*nan"),
        ({"arguments": {"momentum": 5}}, r"`momentum`.*\[0, 1\).*momentum=5"),
        ({"arguments": {"momentum": 1.0}}, r"`momentum` must be in \[0, 1\)"),
        ({"arguments": {"nesterov": 1}}, r"`nesterov` must be True or False"),
        (
            {"arguments": {"beta_1": 0.9}},
            r"optimizer 'sgd' has no argument 'beta_1'; it has "
            r"\['momentum', 'nesterov'\].*beta_1=0\.9",
        ),
        ({"arguments": {"clipnorm": 1.0}}, r"no argument 'clipnorm'"),
        ({"name": "ftrl"}, r"`warmup_epochs` must be 0 for optimizer 'ftrl'"),
        ({"name": "adan"}, r"`name` must be one of .*'adam'.*name='adan'"),
        (
            {"name": "muon", "arguments": {"ns_steps": 2.5}},
            r"`ns_steps` must be an integer of at least 1",
        ),
    ],
)
def test_a_wrong_setting_is_named(settings, message):
    with pytest.raises(ValueError, match=message):
        OptimizerConfig(**settings)


@pytest.mark.parametrize("name", optimizers.names())
def test_no_optimizer_takes_a_number_that_is_none(name):
    config = OptimizerConfig(name, warmup_epochs=0)
    for argument, default in config.arguments.items():
        if type(default) in (int, float):
            for wrong in (math.nan, math.inf, True, "x"):
                with pytest.raises(ValueError, match=f"`{argument}` must be"):
                    OptimizerConfig(name, {argument: wrong})


@pytest.mark.parametrize(
    ("schedule", "unread"),
    [
        ("cosine", {"power": 3.0}),
        ("cosine", {"milestones": (10,)}),
        ("polynomial", {"decay_factor": 0.2}),
        ("constant", {"final_fraction": 0.5}),
    ],
)
def test_a_setting_that_the_schedule_does_not_read_is_an_error(
    schedule, unread
):
    (name,) = unread
    with pytest.raises(ValueError, match=f"`{name}` is read by schedule"):
        OptimizerConfig(schedule=schedule, **unread)


def test_an_optimizer_of_a_user_without_a_rate_asks_for_one(monkeypatch):
    class Plain(keras.optimizers.SGD):
        def __init__(self, learning_rate, power=3.0, slope=0.5, **kwargs):
            super().__init__(learning_rate, **kwargs)

    registry = optimizers.registry._OPTIMIZERS
    monkeypatch.setattr(registry, "_things", dict(registry._things))
    optimizers.register("plain", Plain)
    with pytest.raises(ValueError, match=r"`learning_rate` must be given"):
        OptimizerConfig("plain")
    config = OptimizerConfig("plain", {"slope": 2}, learning_rate=0.3)
    # Keras's own SGD has no momentum; `power` is that of the schedule.
    assert config.arguments == {
        "slope": 2.0,
        "momentum": 0.0,
        "nesterov": False,
    }
    assert config.power == 2.0
