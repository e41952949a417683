from keras_sphereface.files import new_file, new_folder, remove_unfinished
from keras_sphereface.files.unfinished import (
    PARTIAL,
    REPLACED,
    unfinished_beside,
)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_what_was_left_is_removed_and_nothing_else(tmp_path):
    kept = [
        ".hidden",
        ".partial",
        "a.partial",
        ".a.partial.txt",
        ".a.0123456789ab.partial.txt.old",
        "model.keras",
    ]
    for name in kept:
        (tmp_path / name).write_text("mine")
    unfinished_beside(tmp_path / "model.keras").write_text("half")
    unfinished_beside(tmp_path / "face.tflite.parity.md").write_text("half")
    folder = unfinished_beside(tmp_path / "saved_model")
    (folder / "variables").mkdir(parents=True)
    (folder / "variables" / "data").write_text("half")
    removed = remove_unfinished(tmp_path)
    assert len(removed) == 3
    assert folder in removed
    assert names(tmp_path) == sorted(kept)


def test_a_folder_moved_aside_comes_back_if_nothing_took_its_place(tmp_path):
    aside = unfinished_beside(tmp_path / "saved_model", REPLACED)
    aside.mkdir()
    (aside / "saved_model.pb").write_text("older")
    assert remove_unfinished(tmp_path) == []
    assert names(tmp_path) == ["saved_model"]
    assert (tmp_path / "saved_model" / "saved_model.pb").read_text() == "older"


def test_a_folder_that_was_replaced_goes(tmp_path):
    (tmp_path / "saved_model").mkdir()
    aside = unfinished_beside(tmp_path / "saved_model", REPLACED)
    aside.mkdir()
    assert remove_unfinished(tmp_path) == [aside]
    assert names(tmp_path) == ["saved_model"]


def test_a_folder_that_is_missing_has_nothing_unfinished(tmp_path):
    assert remove_unfinished(tmp_path / "nowhere") == []


def test_what_writes_files_and_folders_uses_these_names(tmp_path):
    with (
        new_file(tmp_path / "report.json") as file,
        new_folder(tmp_path / "saved_model", replaces="a") as folder,
    ):
        file.write_text("half")
        assert f".{PARTIAL}" in folder.name
        assert sorted(remove_unfinished(tmp_path)) == sorted([file, folder])
        file.write_text("whole")
        folder.mkdir()
