import os

import pytest

from keras_sphereface.data import listing_cache
from keras_sphereface.data.folder_listing import (
    checked_folder,
    list_images,
    no_image,
)


def write(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"not looked at")
    return str(folder)


def names_of(folder):
    paths_of, _, _ = list_images(folder)
    return {
        identity: [os.path.relpath(path, folder) for path in paths]
        for identity, paths in paths_of.items()
    }


def test_identities_and_images_come_in_the_order_of_their_names(tmp_path):
    folder = write(tmp_path, "b/2.png", "b/10.JPG", "a/1.jpeg", "B/1.jpg")
    assert list(names_of(folder).items()) == [
        ("B", ["B/1.jpg"]),
        ("a", ["a/1.jpeg"]),
        ("b", ["b/10.JPG", "b/2.png"]),
    ]


def test_hidden_files_are_passed_over_and_others_listed(tmp_path):
    folder = write(
        tmp_path,
        "a/1.jpg",
        "a/.2.jpg",
        "a/notes.txt",
        "a/more/1.jpg",
        ".git/1.jpg",
        "readme",
    )
    (tmp_path / "a" / "2.dat").write_bytes(b"GIF89a")
    (tmp_path / "a" / "3").write_bytes(b"\xff\xd8\xff\xe0")
    (tmp_path / "a" / "gone.dat").symlink_to(tmp_path / "nowhere")
    assert names_of(folder) == {"a": ["a/1.jpg", "a/3"]}
    _, left_out, _ = list_images(folder)
    found = {os.path.relpath(path, folder): left_out[path] for path in left_out}
    assert list(found) == ["a/2.dat", "a/gone.dat", "a/more", "a/notes.txt"]
    assert found["a/2.dat"].startswith("GIF, not JPEG")
    assert found["a/gone.dat"] == "No such file or directory"
    assert found["a/more"].startswith("a folder in an identity")
    assert found["a/notes.txt"].startswith("not an image")


def test_the_digest_changes_with_the_entries(tmp_path):
    folder = write(tmp_path, "a/1.jpg", "b/1.jpg")
    os.utime(tmp_path / "a", (1, 1))
    digest = list_images(folder)[2]
    assert list_images(folder)[2] == digest
    write(tmp_path, "a/2.jpg")
    assert list_images(folder)[2] != digest


def test_a_large_listing_is_read_from_the_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_SPHEREFACE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(listing_cache, "MIN_IMAGES", 3)
    folder = write(tmp_path / "set", "a/1.jpg", "a/2.jpg", "b/1.jpg", "b/x")
    first, left_out, digest = list_images(folder)
    assert len(left_out) == 1
    kept = listing_cache.read_listing(folder, digest)
    assert kept["counts"].tolist() == [2, 1]
    # What the cache says is believed while the folders are the same.
    kept["names"] = listing_cache.pack_names(["1.jpg", "9.jpg", "1.jpg"])
    listing_cache.write_listing(folder, digest, kept)
    again, left_out_again, _ = list_images(folder)
    assert left_out_again == left_out
    assert again["b"] == first["b"]
    assert again["a"][1].endswith("9.jpg")


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (["1.jpg", "a/1.jpg"], r"images directly in folder=.*: 1\.jpg"),
        (["notes.txt"], "without any sub-folder"),
        (
            ["a/1.jpg", "b/notes.txt", "c/x"],
            r"no readable image in b, c of .*: b/notes.txt \(not an image",
        ),
        (["all/a/1.jpg"], "Did you mean folder='.*all'"),
    ],
)
def test_another_layout_is_an_error_that_says_where(tmp_path, files, message):
    folder = write(tmp_path, *files)
    with pytest.raises(ValueError, match=message):
        list_images(folder)


def test_a_folder_is_a_path_that_is_there(tmp_path):
    assert checked_folder(tmp_path) == str(tmp_path)
    write(tmp_path, "file")
    for wrong, message in (
        (3, "`folder` must be a path.*folder=3"),
        (tmp_path / "missing", "not found"),
        (tmp_path / "file", "which is a file"),
    ):
        with pytest.raises(ValueError, match=message):
            checked_folder(wrong)


def test_the_error_of_empty_identities_names_a_few():
    error = no_image("set", ["a", "b", "c", "d", "e"], hint=". Why")
    assert "in a, b, c and 2 more of folder='set'. Why" in str(error)
