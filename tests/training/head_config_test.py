import dataclasses
import json
import math

import keras
import pytest

from keras_sphereface import heads
from keras_sphereface.training import HeadConfig


def test_arguments_stand_beside_the_name():
    config = HeadConfig("arcface", {"margin": 0.4})
    assert config.to_dict() == {"name": "arcface", "margin": 0.4}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"variant": "v1"},
            r"head 'arcface' has no argument 'variant'; it has \[.*'margin'",
        ),
        ({"num_classes": 3}, r"no argument 'num_classes'"),
        ({"margin": "large"}, r"`margin`.*margin='large'"),
        ({"detach": 1}, r"`detach`.*detach=1"),
    ],
)
def test_an_argument_that_the_head_has_not_is_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        HeadConfig("arcface", arguments)


@pytest.mark.parametrize("name", heads.names())
def test_no_head_takes_a_number_that_is_none(name):
    arguments = {
        argument
        for argument, default in heads.defaults(name).items()
        if type(default) in (int, float)
    }
    assert arguments
    for argument in arguments:
        for wrong in (math.nan, -math.inf, True):
            with pytest.raises(ValueError, match=f"`{argument}`.*{wrong}"):
                HeadConfig(name, {argument: wrong})


@keras.saving.register_keras_serializable("head_config_test")
class Unseen(keras.optimizers.schedules.PolynomialDecay):
    """A schedule that says where it is looked at."""

    def __call__(self, step):
        raise AssertionError("it would start the devices")


def test_a_schedule_becomes_json_and_is_looked_at_by_the_run():
    growing = keras.optimizers.schedules.PolynomialDecay(1.0, 2000, 1.4)
    config = HeadConfig("spherefacer", {"margin": growing, "scale": 30.0})
    again = HeadConfig(**json.loads(json.dumps(dataclasses.asdict(config))))
    assert again == config
    head = heads.get(again.name, 3, **again.arguments)
    head.build((None, 4))
    head.steps.assign(1000)
    assert head.margin == pytest.approx(1.2)
    HeadConfig("spherefacer", {"margin": Unseen(1.0, 2000, 1.4)})
