import math

import pytest

from keras_sphereface.contract.registry import Registry


def first():
    """A thing to register."""


def second():
    """Another one."""


def test_a_call_and_a_decorator_give_a_name():
    registry = Registry("margin")
    assert registry.register("b", first) is first
    assert registry.register("a")(second) is second
    assert registry.names() == ["a", "b"]
    assert registry.get("b") is first


def test_the_same_thing_may_be_registered_again():
    registry = Registry("margin")
    registry.register("a", first)
    registry.register("a", first)
    with pytest.raises(ValueError, match=r"another margin.*name='a'.*first"):
        registry.register("a", second)
    assert registry.get("a") is first


def test_a_name_with_a_colon_is_imported():
    registry = Registry("margin")
    assert registry.get("math:hypot") is math.hypot
    assert registry.names() == []


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("sinus", r"`name` must be one of \['a'\].*'module:name'.*'sinus'"),
        ("math:sinus", r"'module:name' of a margin that can be imported"),
        ("no_such_module:a", r"no_such_module"),
        (":a", r"'module:name'.*':a'"),
        ("math:pi", r"A margin must be callable.*math:pi.*3\.14"),
    ],
)
def test_a_wrong_name_lists_the_right_ones(name, message):
    registry = Registry("margin")
    registry.register("a", first)
    with pytest.raises(ValueError, match=message):
        registry.get(name)


@pytest.mark.parametrize("name", ["", "a:b", 3, None])
def test_what_cannot_be_a_name_is_refused(name):
    with pytest.raises(ValueError, match="`name` must be a string without"):
        Registry("margin").register(name, first)


def test_a_registry_may_hold_one_type_of_things():
    registry = Registry("ratio", of=float)
    assert registry.register("half", 0.5) == 0.5
    assert registry.get("math:pi") == math.pi
    with pytest.raises(ValueError, match=r"A ratio must be a float.*'0\.5'"):
        registry.register("text", "0.5")
    with pytest.raises(ValueError, match=r"A ratio must be a float.*hypot"):
        registry.get("math:hypot")
