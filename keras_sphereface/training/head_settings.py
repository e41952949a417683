"""The settings of a head in a config that may still change."""

from keras_sphereface import heads
from keras_sphereface.training.head_config import HeadConfig
from keras_sphereface.training.named_settings import NamedSettings


class HeadSettings(NamedSettings):
    """Name and arguments of a head.

    Args:
        config: `HeadConfig`. Defaults to one with all defaults.
    """

    # A copy is made without arguments and filled afterward.
    def __init__(self, config=None):
        config = HeadConfig() if config is None else config
        super().__init__(config.name, config.arguments)

    def _defaults(self, name):
        return heads.defaults(name)
