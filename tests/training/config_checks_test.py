from dataclasses import dataclass

import numpy as np
import pytest

from keras_sphereface.training.config_checks import check_counts


@dataclass(frozen=True)
class Config:
    epochs: int = 3
    keep: int = 0

    def __post_init__(self):
        check_counts(self, epochs=1, keep=0)


def test_counts_become_python_ints():
    config = Config(epochs=np.int64(2))
    assert type(config.epochs) is int
    assert config == Config(2, 0)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"epochs": 0}, r"`epochs`.*at least 1.*epochs=0"),
        ({"keep": -1}, r"`keep`.*at least 0.*keep=-1"),
        ({"keep": 1.5}, r"`keep`.*keep=1\.5"),
        ({"epochs": "3"}, r"`epochs`.*'3'"),
    ],
)
def test_what_is_no_count_is_named(settings, message):
    with pytest.raises(ValueError, match=message):
        Config(**settings)
