import dataclasses
import json

from keras_sphereface.training import OptimizerConfig, TrainConfig
from keras_sphereface.training.config_changes import config_changes


def saved(config):
    return json.loads(json.dumps(config.to_dict()))


def test_what_json_makes_of_a_config_is_no_change():
    optimizer = OptimizerConfig(schedule="multi_step", milestones=(1, 2))
    config = TrainConfig(optimizer=optimizer)
    assert config_changes(saved(config), config.to_dict()) == []


def test_every_changed_setting_is_named_with_both_values():
    config = TrainConfig(epochs=3)
    before = saved(config)
    before["epochs"] = 2
    before["optimizer"]["momentum"] = 0.5
    del before["optimizer"]["power"]
    before["head"]["slope"] = 0.3
    assert config_changes(before, config.to_dict()) == [
        "config.epochs was 2, is 3",
        "config.head.slope was 0.3, is None",
        "config.optimizer.momentum was 0.5, is 0.9",
        "config.optimizer.power was None, is 2.0",
    ]


def test_devices_that_share_the_classes_are_no_change():
    one = TrainConfig(strategy="none")
    many = TrainConfig(strategy="class_parallel", cpu_devices=4)
    assert config_changes(saved(many), one.to_dict()) == []
    assert config_changes(saved(one), many.to_dict()) == []
    other = dataclasses.replace(one, strategy="mirrored")
    assert config_changes(saved(other), one.to_dict()) == [
        "config.strategy was 'mirrored', is 'none'"
    ]
