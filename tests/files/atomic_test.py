import json

import pytest

from keras_sphereface.files import new_file, new_folder, write_json


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
