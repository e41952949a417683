import math
import re
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keras_sphereface.contract import arguments
from keras_sphereface.contract.arguments import (
    check_choice,
    check_flag,
    check_integer,
    check_number,
    check_sizes,
)

INTEGER_TYPES = [
    int,
    np.int8,
    np.uint8,
    np.int32,
    np.int64,
    np.uint64,
]
FLOAT_TYPES = [float, np.float16, np.float32, np.float64]
BOOLS = [True, False, np.True_, np.False_]


@given(st.integers(0, 127), st.sampled_from(INTEGER_TYPES))
def test_integers_of_any_type_become_int(value, kind):
    number = check_integer("size", kind(value))
    assert type(number) is int
    assert number == value


@given(st.integers(), st.integers(), st.integers())
def test_the_bounds_of_an_integer_are_right_values(value, low, high):
    if low <= value <= high:
        assert check_integer("size", value, at_least=low, at_most=high) == value
    else:
        with pytest.raises(ValueError, match=rf"size={value}$"):
            check_integer("size", value, at_least=low, at_most=high)


@given(st.sampled_from(BOOLS), st.integers() | st.none())
def test_a_bool_is_neither_an_integer_nor_a_number(value, bound):
    with pytest.raises(ValueError, match=r"`size` must be an integer"):
        check_integer("size", value, at_least=bound)
    with pytest.raises(ValueError, match=r"`size` must be a number"):
        check_number("size", value, at_least=bound)
    with pytest.raises(ValueError, match=r"`size` must be 1 integers"):
        check_sizes("size", [value], length=1)


@pytest.mark.parametrize(
    "value", [3.0, np.float32(3), "3", None, math.nan, [3], np.array([3, 3])]
)
def test_what_is_no_integer_is_named(value):
    with pytest.raises(
        ValueError, match=r"`size` must be an integer of at least 3. .*size="
    ):
        check_integer("size", value, at_least=3)


@given(st.integers(-100, 100), st.sampled_from([*FLOAT_TYPES, int, np.int64]))
def test_numbers_of_any_type_become_float(value, kind):
    number = check_number("margin", kind(value))
    assert type(number) is float
    assert number == value


@given(
    st.floats(allow_nan=False, allow_infinity=False),
    st.floats(allow_nan=False, allow_infinity=False),
)
def test_at_least_and_at_most_include_their_bound(value, bound):
    for name, is_right in (
        ("at_least", value >= bound),
        ("above", value > bound),
        ("at_most", value <= bound),
        ("below", value < bound),
    ):
        if is_right:
            assert check_number("margin", value, **{name: bound}) == value
        else:
            with pytest.raises(ValueError, match="`margin` must be"):
                check_number("margin", value, **{name: bound})


@pytest.mark.parametrize(
    "value", ["0.5", None, math.nan, np.float32("nan"), 1j, [0.5]]
)
def test_what_is_no_number_is_named(value):
    with pytest.raises(
        ValueError, match=r"`margin` must be a number above 0. .*margin="
    ):
        check_number("margin", value, above=0)


@pytest.mark.parametrize(
    "value",
    [math.inf, -math.inf, 10**400, -(10**400)],
    ids=["inf", "-inf", "10^400", "-10^400"],
)
def test_an_infinity_needs_a_bound_that_includes_it(value):
    with pytest.raises(ValueError, match="must be a finite number"):
        check_number("far", value)
    wide = {"at_least": -math.inf, "at_most": math.inf}
    assert math.isinf(check_number("far", value, **wide))


@pytest.mark.parametrize(
    ("bounds", "words"),
    [
        ({"at_least": 1.0}, "must be at least 1. Received: margin=-9"),
        ({"above": 0}, "must be above 0. Received: margin=-9"),
        ({"at_least": 0, "below": 1}, r"must be in \[0, 1\). Received"),
        ({"above": 0, "at_most": 0.5}, r"must be in \(0, 0.5\]. Received"),
        ({"at_least": 0, "at_most": 1}, r"must be in \[0, 1\]. Received"),
        (
            {"at_least": 1, "reason": "multiplies the angle, so it"},
            "`margin` multiplies the angle, so it must be at least 1. ",
        ),
    ],
)
def test_errors_say_the_bounds_of_a_number(bounds, words):
    with pytest.raises(ValueError, match=words):
        check_number("margin", -9, **bounds)


@pytest.mark.parametrize(
    ("bounds", "words"),
    [
        ({}, "must be an integer. Received: rank=True"),
        ({"at_least": 1}, "must be an integer of at least 1. "),
        ({"at_most": 9}, "must be an integer of at most 9. "),
        ({"at_least": 1, "at_most": 9}, "must be an integer from 1 to 9. "),
        ({"reason": "counts faces, so it"}, "`rank` counts faces, so it must"),
    ],
)
def test_errors_say_the_bounds_of_an_integer(bounds, words):
    with pytest.raises(ValueError, match=words):
        check_integer("rank", True, **bounds)


def test_a_choice_is_returned_and_others_are_listed():
    variants = ("v0", "v1", "v2")
    assert check_choice("variant", "v1", variants) == "v1"
    error = (
        "`variant` must be one of ['v0', 'v1', 'v2']. Received: variant='v3'"
    )
    with pytest.raises(ValueError, match=f"^{re.escape(error)}$"):
        check_choice("variant", "v3", variants)


@pytest.mark.parametrize(
    "value", [True, ["v1"], {"v1": 1}, {1}, np.array(["v1"]), np.array([1])]
)
def test_unhashable_values_and_bools_are_no_choice(value):
    with pytest.raises(ValueError, match="`variant` must be one of"):
        check_choice("variant", value, {"v1": 1, 1: 2}.keys())


def test_a_bool_among_the_choices_is_a_choice():
    assert check_choice("detach", True, (True, False, "cosine")) is True
    with pytest.raises(ValueError, match="`detach` must be one of"):
        check_choice("detach", 1, (True, False, "cosine"))


@pytest.mark.parametrize("value", BOOLS)
def test_flags_become_bool(value):
    assert check_flag("detach", value) is bool(value)


@pytest.mark.parametrize("value", [0, 1, "True", None, np.array([True])])
def test_what_is_no_flag_is_named(value):
    with pytest.raises(ValueError, match="`detach` must be True or False"):
        check_flag("detach", value)


@given(st.lists(st.integers(1, 127)), st.sampled_from(INTEGER_TYPES))
def test_sizes_become_a_tuple_of_ints(values, kind):
    sizes = check_sizes("units", [kind(value) for value in values])
    assert sizes == tuple(values)
    assert all(type(size) is int for size in sizes)


def test_an_array_is_sizes():
    assert check_sizes("image_size", np.array([112, 96])) == (112, 96)


@pytest.mark.parametrize(
    "value",
    [
        112,
        (112,),
        (1, 2, 3),
        (112, 0),
        (112, 9.0),
        "12",
        b"12",
        None,
        {1, 2},
        {1: 1, 2: 2},
        np.array(3),
        np.array([[1, 2], [3, 4]]),
    ],
)
def test_what_is_no_pair_of_sizes_is_named(value):
    with pytest.raises(
        ValueError,
        match=r"`image_size` must be 2 integers of at least 1. .*image_size=",
    ):
        check_sizes("image_size", value, length=2)


def test_importing_the_checks_loads_numpy_and_nothing_else():
    program = (
        f"import sys, {arguments.__name__}\n"
        "heavy = {'keras', 'tensorflow', 'jax', 'torch', 'scipy', 'PIL'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
