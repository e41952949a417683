"""The registry itself; that its bytes are right is checked when one is set."""

import re

import pytest

from keras_sphereface import downloads, interop


def test_names_are_of_a_kind():
    networks, detectors = (
        downloads.names("network"),
        downloads.names("detector"),
    )
    assert "mobilefacenet_casia" in networks
    assert "blazeface_short_range" in detectors
    assert sorted([*networks, *detectors]) == downloads.names()


@pytest.mark.parametrize("name", downloads.names())
def test_addresses_are_pinned(name):
    file = downloads.get(name)
    assert re.search(r"/[0-9a-f]{40}/|/[0-9a-f]{60}/|-\d+\.\d+\.\d+", file.url)
    assert not re.search(r"/(main|master|HEAD|latest)/", file.url)


@pytest.mark.parametrize("name", downloads.names("network"))
def test_what_a_network_needs_is_known(name):
    file = downloads.get(name)
    assert file.family in interop.family_names()
    assert None not in (file.color_order, file.image_size, file.embedding_dim)
    low, high = file.accuracy_interval
    assert low < file.accuracy < high
    assert "" not in (file.measured_on, file.trained_on)


def test_a_wrong_name_lists_the_right_ones():
    with pytest.raises(ValueError, match=r"`name` must be one of \['blazef"):
        downloads.get("mobilefacenet")


def test_a_name_belongs_to_one_file():
    names = downloads.names()
    first, second = (downloads.get(name) for name in names[:2])
    assert downloads.register(names[0], first) is first
    with pytest.raises(ValueError, match="not be given to another"):
        downloads.register(names[0], second)
    with pytest.raises(ValueError, match="a word of letters"):
        downloads.register("../net", first)
