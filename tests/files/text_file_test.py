"""Text as it should be, and errors with the file and the line where not."""

import pytest

from keras_sphereface.files.text_file import (
    TextFileError,
    csv_rows,
    read_csv_rows,
    read_csv_table,
    read_lines,
    read_text,
    shorten,
)


def write(folder, content):
    path = folder / "list.txt"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    "content",
    [
        "é 1\n\n b\t\n".encode(),
        "\ufeffé 1\r\n\r\n b\t\r\n".encode(),
        "é 1\r\r b\t".encode(),
    ],
)
def test_lines_have_their_numbers_whatever_ends_them(tmp_path, content):
    assert read_lines(write(tmp_path, content)) == [(1, "é 1"), (3, "b")]


def test_only_ends_of_lines_end_a_line(tmp_path):
    path = write(tmp_path, "a\u2028b\x0cc\n".encode())
    assert read_lines(path) == [(1, "a\u2028b\x0cc")]


def test_text_of_another_encoding_is_an_error_with_the_line(tmp_path):
    path = write(tmp_path, b"Ann 1 2\r\nRen\xe9 1 2\n")
    message = r"list\.txt, line 2: must be UTF-8 text.*0xe9 at 12"
    for read in (read_text, read_lines, read_csv_rows, read_csv_table):
        with pytest.raises(TextFileError, match=message):
            read(path)
    text = read_text(path, "surrogateescape")
    assert text.encode("utf-8", "surrogateescape") == b"Ann 1 2\nRen\xe9 1 2\n"


def test_a_table_has_a_dict_per_row(tmp_path):
    path = write(tmp_path, b'a,b\n\n1,"x\ny"\n2\n3,4,5\n')
    header, rows = read_csv_table(path)
    assert header == ["a", "b"]
    assert rows == [
        (4, {"a": "1", "b": "x\ny"}),
        (5, {"a": "2", "b": ""}),
        (6, {"a": "3", "b": "4"}),
    ]
    assert read_csv_table(write(tmp_path, b"")) == ([], [])
    assert csv_rows("a; b", "x", ";", True) == [(1, ["a", "b"])]


def test_a_damaged_table_is_an_error_with_the_line(tmp_path):
    path = write(tmp_path, b'a,b\n1,2\n"' + b"x" * 140_000)
    message = r"list\.txt, line 3: must be comma-separated.*field larger"
    with pytest.raises(TextFileError, match=message):
        read_csv_rows(path)


def test_long_lines_are_shown_in_part():
    assert shorten("short") == "'short'"
    assert shorten("x" * 1200).endswith("x' and 1,000 characters more")
