import warnings

import pytest
from image_bombs import encoded

from keras_sphereface.contract import list_images
from keras_sphereface.contract.image_folders import find_images, say_left_out

IMAGE = encoded("JPEG")


def write(folder, files):
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def test_names_and_contents_tell_images(tmp_path):
    files = ["a.jpg", "b/1.JFIF", "b/2.pgm", "b/3", "b/4.dat", "c.webp"]
    folder = write(tmp_path, dict.fromkeys([*files, ".half.jpg"], IMAGE))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = find_images("faces", folder)
    assert [path.relative_to(folder).as_posix() for path in found] == files


def test_one_warning_counts_the_others(tmp_path):
    files = {
        "1.jpg": IMAGE,
        "2.gif": b"GIF89a",
        "3.tif": b"II*\0",
        "notes.txt": b"a text",
        "x/empty": b"",
    }
    write(tmp_path, files)
    message = (
        r"4 of 5 files in .* 2\.gif \(GIF, not .*3\.tif \(TIFF.*"
        r"notes\.txt \(not an image.* and 1 more"
    )
    with pytest.warns(UserWarning, match=message) as caught:
        assert len(list_images("faces", tmp_path)) == 1
    assert len(caught) == 1


def test_no_image_is_an_error_that_says_what_there_is(tmp_path):
    write(tmp_path, {"2.gif": b"GIF89a"})
    message = r"`faces` must be a folder with images .*: 2\.gif \(GIF"
    with pytest.raises(ValueError, match=message):
        find_images("faces", tmp_path)


def test_a_link_to_nowhere_is_said(tmp_path):
    write(tmp_path, {"1.jpg": IMAGE})
    (tmp_path / "x").symlink_to(tmp_path / "gone")
    with pytest.warns(UserWarning, match=r"x \(not a file\)"):
        find_images("faces", tmp_path)


def test_a_few_stand_for_all():
    assert say_left_out({}) == ""
    assert say_left_out({"a": "text"}) == "a (text)"
    assert say_left_out(dict.fromkeys("abcd", "x")).endswith("and 1 more")
