import math
from dataclasses import dataclass

import numpy as np
import pytest

from keras_sphereface.training.config_checks import (
    check_arguments,
    check_counts,
    check_flags,
    check_numbers,
)


@dataclass(frozen=True)
class Config:
    epochs: int = 3
    keep: int = 0
    rate: float = 0.1
    clip: float | None = None
    is_on: bool = True
    caches: bool | None = None

    def __post_init__(self):
        check_counts(self, epochs=1, keep=0)
        check_numbers(self, rate={"above": 0}, clip={"above": 0, "at_most": 5})
        check_flags(self, "is_on", "caches")


def test_settings_become_plain_values():
    config = Config(
        epochs=np.int64(2), rate=1, clip=np.float32(0.5), is_on=np.bool_(False)
    )
    assert config == Config(2, 0, 1.0, 0.5, False)
    kinds = [
        type(getattr(config, name))
        for name in ("epochs", "rate", "clip", "is_on")
    ]
    assert kinds == [int, float, float, bool]


def test_none_is_right_where_it_is_the_default():
    assert Config(clip=None, caches=None) == Config()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"epochs": 0}, r"`epochs`.*at least 1.*epochs=0"),
        ({"keep": -1}, r"`keep`.*at least 0.*keep=-1"),
        ({"keep": 1.5}, r"`keep`.*keep=1\.5"),
        ({"epochs": "3"}, r"`epochs`.*'3'"),
        ({"rate": 0}, r"`rate` must be above 0.*rate=0"),
        ({"rate": math.nan}, r"`rate`.*rate=nan"),
        ({"rate": None}, r"`rate`.*rate=None"),
        ({"clip": 6}, r"`clip` must be in \(0, 5\].*clip=6"),
        ({"is_on": 1}, r"`is_on` must be True or False.*is_on=1"),
        ({"is_on": None}, r"`is_on`.*is_on=None"),
        ({"caches": "no"}, r"`caches`.*caches='no'"),
    ],
)
def test_what_is_out_of_range_is_named(settings, message):
    with pytest.raises(ValueError, match=message):
        Config(**settings)


def test_an_argument_that_is_not_known_lists_those_that_are():
    check_arguments("shape 'circle'", {"radius": 2}, {"radius", "color"})
    message = (
        r"shape 'circle' has no argument 'side'; it has "
        r"\['color', 'radius'\]\. Received: side=3"
    )
    with pytest.raises(ValueError, match=message):
        check_arguments("shape 'circle'", {"side": 3}, {"radius", "color"})
