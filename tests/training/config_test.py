import json
import math

import numpy as np
import pytest

from keras_sphereface.training import (
    CheckpointConfig,
    DataConfig,
    EmbedderConfig,
    HeadConfig,
    HeadStudy,
    OptimizerConfig,
    TrainConfig,
    VerificationConfig,
)
from keras_sphereface.training.setting_types import types_of

# With the settings that have no default.
PARTS = {
    TrainConfig: {},
    DataConfig: {},
    EmbedderConfig: {},
    HeadConfig: {},
    OptimizerConfig: {},
    VerificationConfig: {},
    CheckpointConfig: {},
    HeadStudy: {"heads": ({"name": "normface"},)},
}


def settings_of(*kinds):
    """Every setting of every part that is of one of these types."""
    return [
        pytest.param(part, name, id=f"{part.__name__}.{name}")
        for part in PARTS
        for name, found in types_of(part).items()
        if set(found) & set(kinds)
    ]


@pytest.mark.parametrize(("part", "name"), settings_of(int, float))
@pytest.mark.parametrize("wrong", [math.nan, math.inf, -1, "x", True, [1]])
def test_every_number_has_a_range(part, name, wrong):
    with pytest.raises(ValueError, match=f"`{name}` must be .*{name}="):
        part(**PARTS[part], **{name: wrong})


@pytest.mark.parametrize(("part", "name"), settings_of(bool))
@pytest.mark.parametrize("wrong", [1, "yes", math.nan])
def test_every_flag_is_true_or_false(part, name, wrong):
    with pytest.raises(ValueError, match=f"`{name}` must be True or False"):
        part(**PARTS[part], **{name: wrong})


def test_a_config_becomes_json():
    config = TrainConfig(epochs=3)
    content = json.loads(json.dumps(config.to_dict()))
    assert content["epochs"] == 3
    assert content["optimizer"]["momentum"] == 0.9
    assert content["data"]["image_size"] == [112, 112]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"precision": "float16"}, r"`precision`.*mixed_float16.*'float16'"),
        ({"strategy": "ddp"}, r"`strategy`.*multi_worker.*'ddp'"),
        ({"epochs": 0}, r"`epochs` must be an integer of at least 1"),
        ({"batch_size": 1.5}, r"`batch_size`.*batch_size=1\.5"),
        ({"seed": 2**32}, r"`seed` must be an integer from 0 to 4294967295"),
        (
            {
                "data": DataConfig(folder="a"),
                "verification": VerificationConfig(every_epochs=1),
            },
            r"`verification.every_epochs` needs `data.pairs`",
        ),
    ],
)
def test_wrong_settings_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        TrainConfig(**arguments)


def test_counts_of_numpy_become_json_too():
    config = TrainConfig(
        epochs=np.int64(3), checkpoint=CheckpointConfig(keep=np.uint8(1))
    )
    content = json.loads(json.dumps(config.to_dict()))
    assert content["epochs"] == 3
    assert content["checkpoint"]["keep"] == 1


def test_an_unknown_setting_is_an_error():
    with pytest.raises(TypeError, match="learning_rat"):
        TrainConfig(learning_rat=0.1)


@pytest.mark.parametrize(
    ("config_class", "arguments", "message"),
    [
        (DataConfig, {"folder": "a", "pairs": "p"}, "belong together"),
        (
            DataConfig,
            {"pairs": "p.txt", "pairs_root": "lfw"},
            r"`pairs` needs `folder`",
        ),
        (EmbedderConfig, {"dropout": 1.0}, r"`dropout` must be in \[0, 1\)"),
        (DataConfig, {"image_size": (112,)}, r"`image_size` must be 2 int"),
        (DataConfig, {"image_size": (112, 0)}, r"at least 1.*\(112, 0\)"),
        (DataConfig, {"image_size": None}, r"`image_size`.*image_size=None"),
        (
            DataConfig,
            {"folder": "a", "stored_size": (112, -1)},
            r"`stored_size` must be 2 integers",
        ),
        (VerificationConfig, {"patience": 3}, r"`patience` counts"),
        (VerificationConfig, {"every_epochs": -1}, "every_epochs=-1"),
        (CheckpointConfig, {"every_steps": 1.5}, r"every_steps=1\.5"),
        (CheckpointConfig, {"keep": 0}, "keep=0"),
    ],
)
def test_wrong_settings_of_a_part_are_named(config_class, arguments, message):
    with pytest.raises(ValueError, match=message):
        config_class(**arguments)


def test_head_and_optimizer_stand_beside_their_arguments():
    config = TrainConfig(head=HeadConfig("spherefacer", {"margin": 1.2}))
    assert config.to_dict()["head"] == {"name": "spherefacer", "margin": 1.2}
    optimizer = config.to_dict()["optimizer"]
    assert optimizer["name"] == "sgd"
    assert optimizer["momentum"] == 0.9
    assert "arguments" not in optimizer
