"""What libraries propose on a circle, where the nearest are known."""

import importlib.util

import numpy as np
import pytest

from keras_sphereface.edge.vector_libraries import LIBRARIES

INSTALLED = [
    pytest.param(
        name,
        marks=pytest.mark.skipif(
            importlib.util.find_spec(name) is None,
            reason=f"{name} is not installed, it is in the extra `search`",
        ),
    )
    for name in LIBRARIES
]


def units(degrees):
    angles = np.radians(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], 1).astype("float32")


@pytest.mark.parametrize("library", INSTALLED)
def test_rows_are_numbered_through_all_blocks(library):
    blocks = [units(range(0, 120, 5)), units(range(120, 360, 5))]
    find = LIBRARIES[library](blocks, 2)
    found = find(units([31, 241]), 3)
    # Cosines of 1 and 4 degrees differ by less than 8 bits tell.
    assert [set(row) for row in found.tolist()] == [{5, 6, 7}, {47, 48, 49}]
    assert find(units([241]), 1)[0, 0] in (48, 49)


@pytest.mark.parametrize("library", INSTALLED)
def test_rows_that_are_not_there_are_minus_one_or_left_out(library):
    find = LIBRARIES[library]([units([0, 90])], 2)
    for probes in (units([10]), units([10, 80])):
        found = find(probes, 5)
        assert [set(row) - {-1} for row in found.tolist()] == [{0, 1}] * len(
            probes
        )


@pytest.mark.parametrize("library", INSTALLED)
def test_nothing_can_be_indexed(library):
    LIBRARIES[library]([], 2)
