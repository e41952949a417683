import errno
import json
import shutil

import pytest

from keras_sphereface.files import new_file, new_folder, new_stream, write_json


def test_a_file_appears_when_it_is_complete(tmp_path):
    path = tmp_path / "made" / "model.keras"
    with new_file(path) as temporary:
        assert temporary.suffix == ".keras"
        assert not path.exists()
        temporary.write_bytes(b"whole")
    assert path.read_bytes() == b"whole"
    assert [p.name for p in path.parent.iterdir()] == ["model.keras"]


@pytest.mark.parametrize("error", [OSError("disk full"), KeyboardInterrupt()])
def test_an_interrupted_file_leaves_the_older_one(tmp_path, error):
    path = tmp_path / "report.json"
    path.write_bytes(b"older")
    with pytest.raises(type(error)), new_file(path) as temporary:
        temporary.write_bytes(b"half")
        raise error
    assert path.read_bytes() == b"older"
    assert list(tmp_path.iterdir()) == [path]


FULL = OSError(errno.ENOSPC, "No space left on device")


def test_an_error_of_the_disk_has_the_final_name(tmp_path):
    path = tmp_path / "report.json"
    with (
        pytest.raises(OSError, match="No space left") as caught,
        new_file(path),
    ):
        raise FULL
    assert caught.value.filename == str(path)
    with (
        pytest.raises(OSError, match=r"No space.*/model'$"),
        new_folder(tmp_path / "model", replaces="x"),
    ):
        raise FULL
    with (
        pytest.raises(FileNotFoundError) as caught,
        new_file(path) as temporary,
    ):
        (temporary / "inside").write_bytes(b"")
    assert caught.value.filename == str(path)


def test_a_failed_write_is_found_behind_what_a_library_made_of_it(tmp_path):
    path = tmp_path / "model.keras"
    with (
        pytest.raises(OSError, match="No space left") as caught,
        new_file(path),
    ):
        try:
            raise FULL
        finally:
            raise ValueError("Can't close the ZIP file")
    assert caught.value.filename == str(path)
    with pytest.raises(ValueError, match="`far`"), new_file(path):
        raise ValueError("`far` must be in (0, 1)")


def test_an_error_of_another_file_keeps_its_name(tmp_path):
    with (
        pytest.raises(FileNotFoundError, match=r"nowhere\.jpg"),
        new_file(tmp_path / "report.json"),
    ):
        (tmp_path / "nowhere.jpg").read_bytes()
    with pytest.raises(IsADirectoryError), new_file(tmp_path / "report.json"):
        raise IsADirectoryError(errno.EISDIR, "Is a directory")


def test_a_stream_becomes_the_file(tmp_path):
    path = tmp_path / "made" / "page.html"
    with new_stream(path) as stream:
        stream.write(b"whole")
        assert not path.exists()
    assert path.read_bytes() == b"whole"
    with pytest.raises(KeyboardInterrupt), new_stream(path) as stream:
        stream.write(b"half")
        raise KeyboardInterrupt
    assert path.read_bytes() == b"whole"
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("error", [OSError("disk full"), KeyboardInterrupt()])
@pytest.mark.parametrize("older", [True, False])
def test_an_interrupted_folder_leaves_the_older_one(tmp_path, error, older):
    folder = tmp_path / "saved_model"
    if older:
        folder.mkdir()
        (folder / "saved_model.pb").write_bytes(b"older")
    with (
        pytest.raises(type(error)),
        new_folder(folder, replaces="saved_model.pb") as temporary,
    ):
        (temporary / "saved_model.pb").write_bytes(b"half")
        raise error
    assert list(tmp_path.iterdir()) == ([folder] if older else [])
    if older:
        assert (folder / "saved_model.pb").read_bytes() == b"older"


def test_a_complete_folder_replaces_the_older_one(tmp_path):
    folder = tmp_path / "saved_model"
    for content in (b"first", b"second"):
        with new_folder(folder, replaces="saved_model.pb") as temporary:
            (temporary / "saved_model.pb").write_bytes(content)
    assert (folder / "saved_model.pb").read_bytes() == b"second"
    assert list(tmp_path.iterdir()) == [folder]


def test_a_folder_with_other_contents_is_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("three years")
    with (
        pytest.raises(ValueError, match=r"`folder` must be new, empty or"),
        new_folder(tmp_path, replaces="saved_model.pb"),
    ):
        pass
    assert (tmp_path / "thesis.txt").read_text() == "three years"


def test_a_folder_that_replaces_nothing_leaves_what_is_there(tmp_path):
    folder = tmp_path / "1"
    with new_folder(folder, replaces=None) as temporary:
        (temporary / "x").write_bytes(b"first")
    with (
        pytest.raises(ValueError, match=r"never replaced.*folder='.*1'"),
        new_folder(folder, replaces=None),
    ):
        pass
    other = tmp_path / "2"
    with (
        pytest.raises(OSError, match="not empty") as raised,
        new_folder(other, replaces=None) as temporary,
    ):
        (temporary / "x").write_bytes(b"late")
        shutil.copytree(folder, other)  # somebody else was faster
    assert raised.value.filename == str(other)
    assert (other / "x").read_bytes() == b"first"
    assert sorted(tmp_path.iterdir()) == [folder, other]


def test_a_file_cannot_take_the_place_of_a_folder(tmp_path):
    with (
        pytest.raises(ValueError, match=r"`path` must name a file"),
        new_file(tmp_path),
    ):
        pass


def test_json_comes_back_and_nan_is_refused(tmp_path):
    content = {"loss": [1.5, 0.25], "name": "größer", "pairs": None}
    write_json(tmp_path / "report.json", content)
    assert json.loads((tmp_path / "report.json").read_text("utf-8")) == content
    with pytest.raises(ValueError, match="JSON"):
        write_json(tmp_path / "other.json", {"loss": float("nan")})
    assert not (tmp_path / "other.json").exists()
