import copy
import pickle

import pytest

from keras_sphereface import heads
from keras_sphereface.training import HeadConfig
from keras_sphereface.training.head_settings import HeadSettings


def test_a_head_brings_its_defaults_and_arguments():
    settings = HeadSettings(HeadConfig("arcface", {"scale": 32.0}))
    assert settings.name == "arcface"
    assert settings.scale == 32.0
    assert settings.margin == heads.defaults("arcface")["margin"]


def test_another_name_forgets_what_was_written_for_the_first():
    settings = HeadSettings(HeadConfig("arcface", {"scale": 32.0}))
    settings.name = "cosface"
    assert settings.to_dict() == {
        "name": "cosface",
        **heads.defaults("cosface"),
    }


@pytest.mark.parametrize("name_first", [False, True])
def test_what_is_assigned_stays_in_any_order(name_first):
    settings = HeadSettings()
    steps = [("name", "arcface"), ("scale", 48.0)]
    for name, value in steps if name_first else reversed(steps):
        settings[name] = value
    expected = {**heads.defaults("arcface"), "scale": 48.0}
    assert settings.to_dict() == {"name": "arcface", **expected}


def test_the_same_name_again_changes_nothing():
    settings = HeadSettings(HeadConfig("arcface", {"scale": 32.0}))
    settings.name = "arcface"
    assert settings.scale == 32.0


@pytest.mark.parametrize(
    "duplicate", [copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))]
)
def test_a_copy_knows_what_was_assigned(duplicate):
    settings = HeadSettings()
    settings.scale = 48.0
    again = duplicate(settings)
    again.name = "arcface"
    assert again.scale == 48.0
    assert settings.name == "spherefacer"
