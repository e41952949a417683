"""The settings of an optimizer in a config that may still change."""

from keras_sphereface.optimizers.registry import plain_name
from keras_sphereface.training.named_settings import NamedSettings
from keras_sphereface.training.optimizer_config import (
    SHARED_SETTINGS,
    OptimizerConfig,
    default_settings,
)
from keras_sphereface.training.setting_types import editable_type, types_of


class OptimizerSettings(NamedSettings):
    """Name, schedule and arguments of an optimizer.

    Args:
        config: `OptimizerConfig`. Defaults to one with all defaults.
    """

    _shared = SHARED_SETTINGS

    # A copy is made without arguments and filled afterward.
    def __init__(self, config=None):
        settings = (OptimizerConfig() if config is None else config).to_dict()
        super().__init__(settings.pop("name"), settings)

    def __setitem__(self, key, value):
        super().__setitem__(key, plain_name(value) if key == "name" else value)

    def _defaults(self, name):
        return default_settings(name)

    def _type(self, setting):
        kinds = types_of(OptimizerConfig).get(setting, (object,))
        return editable_type(kinds)
