"""How lines are split, and what no form is like."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_sphereface.pairs.text_forms import (
    UnknownTextError,
    counts_of,
    read_text_pairs,
    split_rows,
)


def test_tabs_part_names_with_spaces_and_commas_have_quotes():
    text = "Ann Lee\t1\t2\n\nBob 1 2\n"
    assert split_rows(text, "x") == [
        (1, ["Ann Lee", "1", "2"]),
        (3, ["Bob", "1", "2"]),
    ]
    assert split_rows('"a, b.jpg", c.jpg ,1\n,,\n', "x", ",") == [
        (1, ["a, b.jpg", "c.jpg", "1"])
    ]


@pytest.mark.parametrize(
    ("fields", "counts"),
    [
        (["10", "300"], (10, 300)),
        (["300"], (300,)),
        (["0"], None),
        (["10", "x"], None),
        (["1", "2", "3"], None),
    ],
)
def test_one_or_two_numbers_are_counts(fields, counts):
    assert counts_of((1, fields)) == counts


@pytest.mark.parametrize(
    "text", ["x\n", "10 300\n", "a b c d e\n", "#\n# x\n", '{"a": 1}\n', "\0\n"]
)
def test_text_of_no_form_is_an_error_that_shows_it(tmp_path, text):
    (tmp_path / "list.txt").write_text(text)
    with pytest.raises(UnknownTextError, match=r"list\.txt"):
        read_text_pairs(tmp_path / "list.txt", tmp_path)


LINES = [
    *("10 300", "1", "Ann 1 2", "Ann 1 Bob 2", "a.jpg b.jpg 1", "a.jpg 1"),
    *("0 a.jpg b.jpg", "image_a,image_b,is_same", "a.jpg,b.jpg,1", "#", ""),
    *(
        "name,imagenum1,imagenum2",
        "Ann,1,2",
        "Ann,1,Bob,2",
        '"',
        "\0",
        "²",
    ),
]


@settings(derandomize=True, deadline=None, max_examples=200)
@given(
    st.lists(st.sampled_from(LINES), max_size=8),
    st.sampled_from(["\n", "\r\n", "\t", ",", " "]),
    st.binary(max_size=4),
    st.integers(0, 2**32),
)
def test_any_text_ends_in_pairs_or_an_error(
    tmp_path_factory, lines, end, junk, seed
):
    folder = tmp_path_factory.getbasetemp()
    content = bytearray(end.join(lines).encode())
    place = random.Random(seed).randrange(len(content) + 1)
    content[place:place] = junk
    (folder / "any.txt").write_bytes(content)
    for name in ("a.jpg", "b.jpg", "Ann_0001.jpg", "Ann_0002.jpg"):
        (folder / name).touch()
    try:
        found = read_text_pairs(folder / "any.txt", folder)
    except (ValueError, FileNotFoundError) as error:
        # Ours name the file; Python's do not.
        if "any.txt" not in str(error):
            raise AssertionError(str(error)) from error
    else:
        assert len(found["is_same"]) == len(found["folds"])
