"""Lists of images to leave out, as they stand in a file."""

import math
import os

import pytest

from keras_sphereface.data import LeftOutImage, read_left_out, write_left_out

IMAGES = [
    LeftOutImage("ann/1.jpg", 0, 83.25, 'far, "not" Ann'),
    LeftOutImage("bøb/2 3.jpg", 7),
]


def test_a_list_reads_as_it_was_written(tmp_path):
    path = tmp_path / "new" / "left_out.csv"
    write_left_out(path, IMAGES)
    assert path.read_text("utf-8").splitlines() == [
        "image,label,angle,reason",
        'ann/1.jpg,0,83.25,"far, ""not"" Ann"',
        "bøb/2 3.jpg,7,,",
    ]
    first, second = read_left_out(path)
    assert first == IMAGES[0]
    assert second[:2] == IMAGES[1][:2]
    assert math.isnan(second.angle)
    assert second.reason == ""


def test_a_list_by_hand_needs_the_names_only(tmp_path):
    path = tmp_path / "list.csv"
    path.write_text("\ufeffwho,image\nme,ann/1.jpg\n", "utf-8")
    (image,) = read_left_out(path)
    assert (image.image, image.label) == ("ann/1.jpg", -1)


def test_a_list_takes_the_place_of_an_older_one_or_not_at_all(tmp_path):
    path = tmp_path / "list.csv"
    path.write_text("older")

    def broken():
        yield IMAGES[0]
        raise OSError("full")

    with pytest.raises(OSError, match="full"):
        write_left_out(path, broken())
    assert path.read_text() == "older"
    assert [each.name for each in tmp_path.iterdir()] == ["list.csv"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name,label\na,1\n", r"list\.csv: .*`image`.*Received: 'name, label'"),
        ("", r"list\.csv: the first line must name"),
        ("image,label\na,1\nb,one\n", r"line 3: `label`.*label='one'"),
        ("image,angle\na,wide\n", r"line 2:.*`angle`.*angle='wide'"),
    ],
)
def test_what_is_no_list_is_named(tmp_path, text, message):
    path = tmp_path / "list.csv"
    path.write_text(text)
    with pytest.raises(ValueError, match=message):
        read_left_out(path)


def test_names_of_other_bytes_than_utf_8_read_as_they_were_written(tmp_path):
    images = [LeftOutImage(os.fsdecode(b"Ren\xe9/1.jpg"), 3)]
    write_left_out(tmp_path / "list.csv", images)
    assert b"Ren\xe9/1.jpg" in (tmp_path / "list.csv").read_bytes()
    (found,) = read_left_out(tmp_path / "list.csv")
    assert os.fsencode(found.image) == b"Ren\xe9/1.jpg"


def test_a_field_that_does_not_end_is_named_with_its_line(tmp_path):
    (tmp_path / "list.csv").write_text('image\na\n"' + "b" * 140_000)
    with pytest.raises(ValueError, match=r"list\.csv, line 3: .*field larger"):
        read_left_out(tmp_path / "list.csv")
