from dataclasses import dataclass
from types import NoneType

import pytest

from keras_sphereface.training.setting_types import editable_type, types_of


@dataclass
class Settings:
    rate: float | None = None
    size: tuple[int, int] = (1, 2)
    pairs: str | dict[str, str] | None = None
    is_on: bool = True


def test_annotations_become_plain_types():
    assert types_of(Settings) == {
        "rate": (float, NoneType),
        "size": (tuple,),
        "pairs": (str, dict, NoneType),
        "is_on": (bool,),
    }


@pytest.mark.parametrize(
    ("setting", "expected"),
    [("rate", float), ("size", tuple), ("pairs", object), ("is_on", bool)],
)
def test_none_does_not_count_and_several_types_are_any(setting, expected):
    assert editable_type(types_of(Settings)[setting]) is expected
