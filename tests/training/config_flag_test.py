import ml_collections
import pytest
from absl import flags
from ml_collections import config_flags

from keras_sphereface.training import (
    DataConfig,
    HeadConfig,
    TrainConfig,
    editable,
    from_config_dict,
)

FILE = """
from keras_sphereface.training import HeadConfig, TrainConfig, editable

def get_config():
    return editable(TrainConfig(head=HeadConfig("spherefacer"), epochs=30))
"""


def parse(tmp_path, *arguments):
    """The config of a command line."""
    path = tmp_path / "config.py"
    path.write_text(FILE)
    values = flags.FlagValues()
    arguments = ["program", f"--config={path}", *arguments]
    holder = config_flags.DEFINE_config_file(
        "config", flag_values=values, sys_argv=arguments
    )
    values(arguments)
    return from_config_dict(holder.value)


def test_a_config_file_is_a_config(tmp_path):
    config = parse(tmp_path)
    assert config.epochs == 30
    # The head's defaults are written out.
    assert config.head.arguments["margin"] == 1.4
    assert config == from_config_dict(config.to_dict())


def test_the_command_line_changes_any_setting(tmp_path):
    config = parse(
        tmp_path,
        "--config.head.margin=1.5",
        "--config.head.detach=false",
        "--config.data.folder=casia",
        "--config.optimizer.global_clipnorm=5",
        "--config.optimizer.schedule=multi_step",
        "--config.optimizer.milestones=(16, 24.5)",
        "--config.data.image_size=(112, 96)",
        "--config.strategy=mirrored",
    )
    assert config.head.arguments["margin"] == 1.5
    assert config.head.arguments["detach"] is False
    assert config.data.folder == "casia"
    assert config.optimizer.global_clipnorm == 5.0
    assert config.optimizer.milestones == (16, 24.5)
    assert config.data.image_size == (112, 96)
    assert config.strategy == "mirrored"


@pytest.mark.parametrize(
    "flag",
    [
        "--config.epoch=3",
        "--config.head.marginn=1.5",
        "--config.optimiser.momentum=0.5",
        "--config.epochs=many",
    ],
)
def test_an_unknown_or_wrong_flag_is_an_error(tmp_path, flag):
    with pytest.raises((AttributeError, KeyError, flags.Error, ValueError)):
        parse(tmp_path, flag)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"epoch": 3}, r"`config` has no setting 'epoch'.*'epochs'"),
        ({"data": {"fold": "a"}}, r"`config\.data` has no setting 'fold'"),
        (
            {"head": {"name": "spherefacer", "easy_margin": True}},
            r"`config\.head \(spherefacer\)` has no setting 'easy_margin'",
        ),
        ({"head": {"name": "softmax"}}, "'softmax'"),
        ({"epochs": "3"}, r"`config\.epochs` must be of type int.*'3'"),
        ({"epochs": True}, r"`config\.epochs`.*True"),
        ({"data": 3}, r"`config\.data` must be a dict"),
        ({"data": {"folder": 3}}, r"`config\.data\.folder`.*str"),
    ],
)
def test_what_the_code_does_not_read_is_an_error(content, message):
    with pytest.raises(ValueError, match=message):
        from_config_dict(content)


def test_a_whole_number_is_a_float_where_one_is_due():
    config = from_config_dict({"optimizer": {"learning_rate": 1}})
    assert config.optimizer.learning_rate == 1.0
    assert isinstance(config.optimizer.learning_rate, float)


def test_what_is_editable_is_the_config():
    config = TrainConfig(
        data=DataConfig(folder="a"),
        head=HeadConfig("spherefacer", {"margin": 1.1}),
    )
    content = editable(config)
    assert isinstance(content, ml_collections.ConfigDict)
    again = from_config_dict(content)
    assert again.data == config.data
    assert again.head.arguments["margin"] == 1.1
    assert editable(again) == content
