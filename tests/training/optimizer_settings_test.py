import pytest

from keras_sphereface.training import OptimizerConfig
from keras_sphereface.training.optimizer_settings import OptimizerSettings


def test_settings_are_those_of_the_config():
    config = OptimizerConfig("rmsprop", {"rho": 0.8}, weight_decay=0.1)
    assert OptimizerSettings(config).to_dict() == config.to_dict()


def test_another_optimizer_has_its_own_rate_decay_and_arguments():
    config = OptimizerConfig(
        learning_rate=0.7,
        weight_decay=0.6,
        arguments={"momentum": 0.5},
        warmup_epochs=3,
        ema_momentum=0.9,
    )
    settings = OptimizerSettings(config)
    settings.name = "Lamb"
    expected = OptimizerConfig("lamb", warmup_epochs=3, ema_momentum=0.9)
    assert settings.to_dict() == expected.to_dict()
    assert settings.learning_rate == 0.001
    assert settings.weight_decay == 0.0


def test_keras_s_word_for_the_same_name_changes_nothing():
    settings = OptimizerSettings(OptimizerConfig(learning_rate=0.7))
    settings.name = "SGD"
    assert settings.learning_rate == 0.7
    assert settings.name == "sgd"


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("learning_rate", float),
        ("global_clipnorm", float),
        ("milestones", tuple),
        ("accumulation_steps", int),
        ("schedule", str),
        ("momentum", object),
    ],
)
def test_a_command_line_reads_each_setting_as_its_type(setting, expected):
    assert OptimizerSettings().get_type(setting) is expected
