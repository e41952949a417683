import numpy as np
import pytest

from keras_sphereface.data.arguments import whole_number


@pytest.mark.parametrize("value", [3, np.int64(3), np.uint8(3)])
def test_whole_numbers_of_any_kind_become_int(value):
    number = whole_number("size", value, at_least=3)
    assert type(number) is int
    assert number == 3


@pytest.mark.parametrize("value", [2, -1, 3.0, "3", None, True, float("nan")])
def test_everything_else_is_named(value):
    with pytest.raises(
        ValueError, match=r"`size` must be an integer of at least 3.*size="
    ):
        whole_number("size", value, at_least=3)
