import copy
import pickle

import pytest

from keras_sphereface.training.named_settings import NamedSettings

DEFAULTS = {
    "square": {"side": 1.0, "color": None},
    "circle": {"radius": 2.0, "color": "red"},
}


class Shape(NamedSettings):
    """Shapes, of which each has a pen."""

    _shared = ("pen",)

    def __init__(self, name="square", settings=()):
        super().__init__(name, dict(settings))

    def _defaults(self, name):
        return {"pen": 1, **DEFAULTS[name]}


def test_a_name_brings_its_defaults():
    assert Shape("circle", {"radius": 3}).to_dict() == {
        "name": "circle",
        "radius": 3,
        "color": "red",
        "pen": 1,
    }


def test_another_name_forgets_all_but_what_is_shared():
    shape = Shape("square", {"side": 5.0, "color": "blue", "pen": 7})
    shape.name = "circle"
    assert shape.to_dict() == {
        "name": "circle",
        "radius": 2.0,
        "color": "red",
        "pen": 7,
    }


@pytest.mark.parametrize("name_first", [True, False])
def test_what_was_assigned_stays_in_any_order(name_first):
    shape = Shape()
    steps = [("name", "circle"), ("side", 4.0), ("color", "green")]
    for key, value in steps if name_first else reversed(steps):
        shape[key] = value
    assert shape.to_dict() == {
        "name": "circle",
        "radius": 2.0,
        "color": "green",
        "pen": 1,
        # The reader of the config will say that a circle has none.
        "side": 4.0,
    }


def test_a_setting_may_become_anything():
    shape = Shape()
    for value in (3, "blue", ("a", 1), None):
        shape.color = value
        assert shape.color == value
    assert shape.get_type("color") is object


@pytest.mark.parametrize(
    "duplicate", [copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))]
)
def test_a_copy_is_its_own_and_knows_what_was_assigned(duplicate):
    shape = Shape("circle", {"radius": 9.0})
    shape.color = "green"
    again = duplicate(shape)
    assert again.to_dict() == shape.to_dict()
    again.name = "square"
    assert again.to_dict() == {
        "name": "square",
        "side": 1.0,
        "color": "green",
        "pen": 1,
    }
    assert shape.name == "circle"


def test_a_copy_without_references_has_the_same_settings():
    shape = Shape("circle", {"radius": 9.0})
    assert shape.copy_and_resolve_references().to_dict() == shape.to_dict()
