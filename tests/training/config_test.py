import json

import numpy as np
import pytest

from keras_sphereface.training import (
    CheckpointConfig,
    DataConfig,
    HeadConfig,
    OptimizerConfig,
    TrainConfig,
    VerificationConfig,
)


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
        (OptimizerConfig, {"schedule": "step"}, r"`schedule`.*multi_step"),
        (OptimizerConfig, {"accumulation_steps": 0}, "accumulation_steps=0"),
        (
            OptimizerConfig,
            {"schedule": "multi_step"},
            r"`milestones` must be epochs in ascending order",
        ),
        (
            OptimizerConfig,
            {"schedule": "multi_step", "milestones": (20, 10)},
            r"ascending order.*\(20, 10\)",
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


def test_the_head_stands_beside_its_arguments():
    config = TrainConfig(head=HeadConfig("spherefacer", {"margin": 1.2}))
    assert config.to_dict()["head"] == {"name": "spherefacer", "margin": 1.2}
