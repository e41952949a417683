"""Slots of Keras's optimizers, which `keras_internals.py` finds by their names.

When a test here fails, Keras names them otherwise: see `slots_of` there.
"""

import keras
import numpy as np
import pytest
from keras import ops

from keras_sphereface.backend.keras_internals import slots_of


def make_weight(path, shape=(3, 4)):
    scope, name = path.split("/")
    with keras.name_scope(scope):
        return keras.Variable(np.ones(shape, "float32"), name=name)


# The path of the one begins or ends as that of the other.
PATHS = ("head/centers", "my_head/centers", "head/centers_other", "dense/bias")

# What each remembers of a matrix, by Keras's own words for it.
SLOTS = {
    "SGD": (0, {}),
    "SGD with momentum": (1, {"momentum": 0.9}),
    "SGD with an average": (2, {"momentum": 0.9, "use_ema": True}),
    "Adam": (2, {}),
    "Adam with amsgrad": (3, {"amsgrad": True}),
    "AdamW": (2, {}),
    "Lamb": (2, {}),
    "Lion": (1, {}),
    "Muon": (1, {}),
    "Nadam": (2, {}),
    "Adamax": (2, {}),
    "Adagrad": (1, {}),
    "Adadelta": (2, {}),
    "Ftrl": (2, {}),
    "RMSprop": (3, {"momentum": 0.5, "centered": True}),
}


@pytest.mark.parametrize("name", SLOTS)
def test_slots_are_found_for_each_weight(name):
    count, options = SLOTS[name]
    weights = [make_weight(path) for path in PATHS]
    optimizer = getattr(keras.optimizers, name.split()[0])(0.1, **options)
    optimizer.build(weights)
    slots = [slots_of(optimizer, weight) for weight in weights]
    message = f"Keras {keras.__version__} names slots of {name} otherwise"
    assert [len(found) for found in slots] == [count] * 4, message
    assert len({id(slot) for found in slots for slot in found}) == 4 * count
    # Moved alone, a weight moves its own slots and no others.
    for weight, own in zip(weights, slots, strict=True):
        others = [s for found in slots for s in found if found is not own]
        before = [ops.convert_to_numpy(slot).copy() for slot in others]
        if keras.backend.backend() != "jax" and "average" not in name:
            optimizer.apply([ops.ones((3, 4))], [weight])
            for slot, value in zip(others, before, strict=True):
                np.testing.assert_array_equal(ops.convert_to_numpy(slot), value)


def test_memory_that_no_weight_owns_is_an_error():
    weights = [make_weight(path) for path in PATHS]
    optimizer = keras.optimizers.Adafactor(0.1)
    optimizer.build(weights)
    with pytest.raises(ValueError, match=r"each entry of 'head/centers'.*Adaf"):
        slots_of(optimizer, weights[0])


def test_memory_of_another_shape_is_an_error():
    weight = make_weight("head/centers")
    optimizer = keras.optimizers.SGD(0.1)
    optimizer.build([weight])
    optimizer.add_variable((4,), name="head_centers_norms")
    with pytest.raises(ValueError, match=r"shape \(4,\)"):
        slots_of(optimizer, weight)


def test_two_weights_of_one_name_are_an_error():
    weights = [make_weight("head/centers") for _ in range(2)]
    optimizer = keras.optimizers.SGD(0.1, momentum=0.9)
    optimizer.build(weights)
    with pytest.raises(ValueError, match="2 weights called 'head_centers'"):
        slots_of(optimizer, weights[0])
