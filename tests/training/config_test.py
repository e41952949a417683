import json

import pytest

from keras_sphereface.training import DataConfig, TrainConfig


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
        ({"epochs": 0}, r"`epochs` must be a positive integer"),
        ({"batch_size": 1.5}, r"`batch_size`.*batch_size=1\.5"),
        (
            {"data": DataConfig(folder="a", pairs="p.txt")},
            r"`pairs` and `pairs_root` belong together",
        ),
        (
            {"data": DataConfig(pairs="p.txt", pairs_root="lfw")},
            r"`pairs` needs `folder`",
        ),
    ],
)
def test_wrong_settings_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        TrainConfig(**arguments)


def test_an_unknown_setting_is_an_error():
    with pytest.raises(TypeError, match="learning_rat"):
        TrainConfig(learning_rat=0.1)
