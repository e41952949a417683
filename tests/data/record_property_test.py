"""Labels against `property`, without a file of records."""

import re
import warnings

import numpy as np
import pytest

from keras_sphereface.data.record_property import check_labels, read_property


@pytest.mark.parametrize(
    "text",
    [
        "8,112,96",
        "8,112,96\n",
        "8, 112, 96\r\n",
        "8,112,96\n24\n",  # of the later RecBuilder: the number of images
        "8,112,96\n24\n1\n24\n",  # four lines
        "\ufeff8,112,96\n",
        "# of my own set\n\n8,112,96  # identities, height, width\n",
    ],
)
def test_the_first_line_counts(tmp_path, text):
    (tmp_path / "property").write_text(text, "utf-8")
    assert read_property(str(tmp_path / "property")) == (8, (112, 96))


@pytest.mark.parametrize(
    "text",
    ["", "#8,112,96", "8,112", "8\n112\n96", "8,112,x", "8,0,96", "9" * 5000],
)
def test_what_is_no_property_is_an_error(tmp_path, text):
    (tmp_path / "property").write_text(text)
    with pytest.raises(ValueError, match="number of identities, height"):
        read_property(str(tmp_path / "property"))


def test_without_the_file_nothing_is_known(tmp_path):
    assert read_property(str(tmp_path / "property")) == (None, None)


def check(labels, num_classes):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return check_labels(np.array(labels, float), num_classes, "train.rec")


def test_labels_from_0_on_are_right():
    is_label, count = check([0, 0, 1, 2], 3)
    assert is_label.all()
    assert count == 3
    assert check([0, 2, 1, 1], None)[1] == 3


def test_a_single_label_that_is_none_is_damage():
    for bad in (-1, 0.5, np.nan, np.inf, 3, 1e30):
        is_label, count = check([0, bad, 1, 2], 3)
        assert is_label.tolist() == [True, False, True, True]
        assert count == 3


@pytest.mark.parametrize(
    ("labels", "num_classes", "said"),
    [
        (
            np.repeat(np.arange(1, 9), 3),
            8,
            "labels run 1..8, property says 8: do they start at 1?",
        ),
        (
            np.repeat(np.arange(10), 3),
            8,
            "labels run 0..9, property says 8: is it that of another set?",
        ),
        # Of a set that is mostly right nobody is dropped either.
        (
            [*np.repeat(np.arange(99), 9), 99, 99],
            99,
            "labels run 0..99, property says 99",
        ),
    ],
)
def test_a_contradiction_says_what_was_found(labels, num_classes, said):
    with pytest.raises(ValueError, match=re.escape(said)):
        check(labels, num_classes)


def test_labels_that_are_none_throughout_are_an_error():
    with pytest.raises(ValueError, match=r"Labels must be.*label 0\.5 in"):
        check([0.5, 1.5, 2.5, 1], 3)


@pytest.mark.parametrize(
    ("labels", "num_classes", "said"),
    [
        (
            range(0, 8000, 1000),
            None,
            r"6993 of 7001 identities .* labels 0, 1000, 2000, 3000, ..., 7000",
        ),
        (range(1, 9), None, r"1 of 9 identities .* labels start at 1\?"),
        ([0, 1, 2], 9, "6 of 9 identities .* labels 0, 1, 2"),
    ],
)
def test_many_empty_identities_are_said(labels, num_classes, said):
    with pytest.warns(UserWarning, match=said):
        check_labels(np.array([*labels], float), num_classes, "train.rec")


def test_a_label_that_would_fill_the_memory_is_an_error():
    with pytest.raises(ValueError, match="9000001 identities for 2 images"):
        check([0, 9_000_000], None)
    with pytest.raises(ValueError, match="16777216 identities for 2 images"):
        check([0, 1], 2**24)
