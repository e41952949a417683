import io
import os
import zlib
from pathlib import Path

import numpy as np
import pytest
from image_bombs import png_of
from PIL import Image

from keras_sphereface.contract import ImageError, read_image
from keras_sphereface.contract.image_policy import READ_KINDS
from keras_sphereface.data import ImageFolder, training_dataset
from keras_sphereface.data.decoding import READS_WEBP

SIZE = (16, 12)


def picture(seed=0, size=SIZE):
    """Noise with some structure, so that every JPEG coefficient is in use."""
    noise = np.random.default_rng(seed).integers(0, 256, (4, 3, 3), np.uint8)
    image = Image.fromarray(noise)
    return image.resize((size[1], size[0]), Image.Resampling.BICUBIC)


def encoded(image, kind="JPEG", **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def write(folder, files):
    """Writes `{relative path: bytes}` and returns the folder."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def folder_of(path, **options):
    return ImageFolder(path, image_size=SIZE, **options)


def test_labels_are_positions_of_the_sorted_identities(tmp_path):
    photo = encoded(picture())
    names = ["bob/2.jpg", "bob/1.jpg", "alice/9.jpg", "Zoe/1.jpg"]
    folder = folder_of(write(tmp_path, dict.fromkeys(names, photo)))
    assert folder.identities == ["Zoe", "alice", "bob"]
    assert folder.num_classes == 3
    assert len(folder) == 4
    assert [os.path.relpath(path, tmp_path) for path in folder.paths] == [
        os.path.join("Zoe", "1.jpg"),
        os.path.join("alice", "9.jpg"),
        os.path.join("bob", "1.jpg"),
        os.path.join("bob", "2.jpg"),
    ]
    assert folder.labels.dtype == np.int32
    assert folder.labels.tolist() == [0, 1, 2, 2]
    assert folder.unreadable == {}


def test_any_case_of_the_extensions_is_an_image_and_the_rest_is_counted(
    tmp_path,
):
    jpeg, png = encoded(picture()), encoded(picture(), "PNG")
    images = {"a/1.JPG": jpeg, "a/2.Jpeg": jpeg, "a/3.PNG": png}
    others = {
        "a/notes.txt": b"text",
        "a/._1.jpg": b"a macOS resource fork",
        "a/.DS_Store": b"",
        "a/thumbnails/1.jpg": b"in a folder of its own",
        ".cache/1.jpg": b"in a hidden folder",
        "README.md": b"text",
    }
    with pytest.warns(UserWarning, match="2 of 5 files cannot be used"):
        folder = folder_of(write(tmp_path, images | others))
    assert folder.identities == ["a"]
    assert [Path(path).name for path in folder.unreadable] == [
        "notes.txt",
        "thumbnails",
    ]
    assert [Path(path).name for path in folder.paths] == [
        "1.JPG",
        "2.Jpeg",
        "3.PNG",
    ]


def test_names_in_any_script_and_links_are_followed(tmp_path):
    photo = encoded(picture())
    write(
        tmp_path, {"store/person/1.jpg": photo, "faces/Ødegård/ü 1.jpg": photo}
    )
    faces = tmp_path / "faces"
    (faces / "李娜").symlink_to(tmp_path / "store" / "person")
    (faces / "Ødegård" / "link.jpg").symlink_to(
        tmp_path / "store" / "person" / "1.jpg"
    )
    (faces / "Ødegård" / "loop").symlink_to(faces)
    with pytest.warns(UserWarning, match="loop .a folder in an identity"):
        folder = folder_of(faces)
    assert folder.identities == ["Ødegård", "李娜"]
    assert folder.labels.tolist() == [0, 0, 1]
    assert len(folder.load()[0]) == 3


def test_iterates_the_files_as_they_are(tmp_path):
    files = {
        f"{name}/1.jpg": encoded(picture(seed))
        for seed, name in enumerate("ab")
    }
    folder = folder_of(write(tmp_path, files))
    assert list(folder) == [(files["a/1.jpg"], 0), (files["b/1.jpg"], 1)]


def test_load_gives_the_pixels_and_labels_in_the_order_of_the_paths(tmp_path):
    # More images than one thread's share; PNG keeps the pixels exactly.
    pixels = np.stack([np.asarray(picture(seed)) for seed in range(150)])
    write(
        tmp_path,
        {
            f"{index % 3}/{index:03d}.png": encoded(
                Image.fromarray(image), "PNG"
            )
            for index, image in enumerate(pixels)
        },
    )
    folder = folder_of(tmp_path)
    images, labels = folder.load()
    assert images.dtype == np.uint8
    assert labels.dtype == np.int32
    np.testing.assert_array_equal(labels, np.arange(150) // 50)
    expected = np.concatenate([pixels[0::3], pixels[1::3], pixels[2::3]])
    np.testing.assert_array_equal(images, expected)


JPEG = encoded(picture())
PNG = encoded(picture(), "PNG")


def sixteen_bits():
    return encoded(Image.fromarray(np.full(SIZE, 40_000, np.uint16)), "PNG")


def turned(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encoded(picture(), exif=exif)


BAD_FILES = {
    "empty": (b"", "empty file"),
    "text": (b"this is a text", f"not an image: neither {READ_KINDS}"),
    "gif": (encoded(picture(), "GIF"), f"GIF, not {READ_KINDS}"),
    "tiff": (encoded(picture(), "TIFF"), f"TIFF, not {READ_KINDS}"),
    "jpeg without its end": (JPEG[:-2], "truncated: no end marker"),
    "half a jpeg": (JPEG[: len(JPEG) // 2], "truncated: it has no pixels"),
    "start of a jpeg": (JPEG[:20], "truncated: it has no pixels"),
    "png of too few pixels": (
        png_of(*SIZE, zlib.compress(bytes(200))),
        "corrupt or truncated",
    ),
    "png without its end": (PNG[:-20], "truncated: it has no end"),
    "start of a png": (PNG[:24], "truncated: it has no end"),
    "damaged png": (
        PNG[:60] + b"junk" + PNG[64:],
        "broken: a checksum does not fit",
    ),
    "bmp of few colors": (
        encoded(picture().convert("P"), "BMP"),
        "a BMP of few colors, which TensorFlow reads otherwise",
    ),
    "16-bit png": (sixteen_bits(), "16 bits per channel"),
    "turned jpeg": (turned(6), "turned by its EXIF orientation"),
}


@pytest.mark.parametrize("bad_file", BAD_FILES)
@pytest.mark.parametrize("name", ["bad.jpg", "bad.png"])
def test_a_bad_file_is_left_out_with_a_warning(tmp_path, bad_file, name):
    content, reason = BAD_FILES[bad_file]
    files = {"a/1.jpg": JPEG, f"a/{name}": content, "b/1.jpg": JPEG}
    write(tmp_path, files)
    with pytest.warns(UserWarning, match="left out") as warnings:
        folder = folder_of(tmp_path)
    (warning,) = warnings
    assert "1 of 3 image files" in str(warning.message)
    assert f"{os.path.join('a', name)} ({reason})" in str(warning.message)
    assert warning.filename == __file__
    assert folder.unreadable == {str(tmp_path / "a" / name): reason}
    assert folder.labels.tolist() == [0, 1]
    assert str(tmp_path / "a" / name) not in folder.paths
    assert len(folder.load()[0]) == len(list(folder)) == 2


def test_all_kinds_are_images_whatever_their_names(tmp_path):
    """The folder of which two images in 24 were seen."""
    kinds = {
        "jpg": "JPEG",
        "JPEG": "JPEG",
        "jpe": "JPEG",
        "jfif": "JPEG",
        "png": "PNG",
        "bmp": "BMP",
        "ppm": "PPM",
        "dat": "JPEG",
        "tif": "PNG",
    }
    if READS_WEBP:
        kinds["webp"] = "WEBP"
    files = {
        f"a/1.{suffix}": encoded(picture(), kind)
        for suffix, kind in kinds.items()
    }
    files["a/1.pgm"] = encoded(picture().convert("L"), "PPM")
    files |= {
        "a/2.tif": encoded(picture(), "TIFF"),
        "a/1.gif": encoded(picture(), "GIF"),
        "a/older/1.jpg": JPEG,
    }
    with pytest.warns(UserWarning, match="left out") as caught:
        folder = folder_of(write(tmp_path, files))
    assert len(caught) == 1
    assert f"3 of {len(files)} files" in str(caught[0].message)
    assert len(folder) == len(files) - 3
    batches = training_dataset(
        folder, 4, shuffle=False, flip=False, drop_remainder=False
    )
    found = np.concatenate([images for images, _ in batches])
    expected = [read_image(path) for path in folder.paths]
    np.testing.assert_allclose(found.astype(int), expected, atol=2)
    np.testing.assert_array_equal(found, folder.load()[0])


def test_many_bad_files_are_counted_in_one_warning(tmp_path):
    bad = {f"a/bad{index}.jpg": b"text" for index in range(7)}
    write(tmp_path, {"a/good.jpg": JPEG, **bad})
    with pytest.warns(UserWarning, match=r"7 of 8 .* and 4 more") as warnings:
        folder = folder_of(tmp_path)
    assert len(warnings) == 1
    assert [Path(path).name for path in folder.unreadable] == [
        Path(name).name for name in bad
    ]


def test_a_link_to_nowhere_is_reported(tmp_path):
    write(tmp_path, {"a/1.jpg": JPEG})
    (tmp_path / "a" / "2.jpg").symlink_to(tmp_path / "gone.jpg")
    with pytest.warns(UserWarning, match="No such file"):
        assert len(folder_of(tmp_path)) == 1


def test_an_identity_that_is_a_link_to_nowhere_is_an_error(tmp_path):
    write(tmp_path, {"a/1.jpg": JPEG})
    (tmp_path / "b").symlink_to(tmp_path / "gone")
    with pytest.raises(FileNotFoundError, match="b'"):
        folder_of(tmp_path)


def test_an_upright_image_with_exif_data_is_kept(tmp_path):
    folder = folder_of(write(tmp_path, {"a/1.jpg": turned(1)}))
    assert len(folder) == 1


def test_an_image_of_another_size_is_an_error_that_names_it(tmp_path):
    other = encoded(picture(size=(20, 30)), "PNG")
    write(tmp_path, {"a/1.jpg": JPEG, "a/2.png": other, "b/1.jpg": JPEG})
    with pytest.raises(ValueError, match="align the faces first") as error:
        folder_of(tmp_path)
    assert "must be 16x12 (height x width)" in str(error.value)
    assert f"20x30 in {tmp_path / 'a' / '2.png'}" in str(error.value)


def test_a_large_crop_is_refused_for_the_default_size(tmp_path):
    write(tmp_path, {"a/1.jpg": encoded(picture(size=(250, 250)))})
    with pytest.raises(ValueError, match=r"112x112 .* Received: 250x250 in"):
        ImageFolder(tmp_path)


def test_a_missing_folder_is_an_error(tmp_path):
    with pytest.raises(ValueError, match="not found") as error:
        ImageFolder(tmp_path / "gone")
    assert str(tmp_path / "gone") in str(error.value)


def test_a_file_instead_of_a_folder_is_an_error(tmp_path):
    write(tmp_path, {"faces.zip": b"PK"})
    with pytest.raises(ValueError, match="which is a file"):
        ImageFolder(tmp_path / "faces.zip")


@pytest.mark.parametrize("files", [{}, {"notes.txt": b"", ".git/x.jpg": JPEG}])
def test_a_folder_without_identities_is_an_error(tmp_path, files):
    with pytest.raises(ValueError, match="without any sub-folder"):
        ImageFolder(write(tmp_path, files))


def test_images_outside_the_identities_are_an_error(tmp_path):
    write(tmp_path, {"1.jpg": JPEG, "2.PNG": PNG, "alice/1.jpg": JPEG})
    with pytest.raises(ValueError, match=r"directly in .*: 1.jpg, 2.PNG") as e:
        folder_of(tmp_path)
    assert "folder/alice/1.jpg" in str(e.value)


def test_an_identity_without_images_is_an_error_that_names_it(tmp_path):
    write(tmp_path, {"alice/1.jpg": JPEG, "bob/notes.txt": b""})
    (tmp_path / "carol").mkdir()
    with pytest.raises(ValueError, match="no readable image in bob, carol of"):
        folder_of(tmp_path, check_images=False)


def test_an_identity_with_bad_files_only_is_an_error_that_says_why(tmp_path):
    write(tmp_path, {"a/1.jpg": JPEG, "b/1.jpg": JPEG[:50], "b/2.jpg": b""})
    with pytest.raises(ValueError, match="no readable image in b of") as error:
        folder_of(tmp_path)
    assert f"{os.path.join('b', '2.jpg')} (empty file)" in str(error.value)


def test_one_folder_too_high_is_an_error_with_a_hint(tmp_path):
    write(tmp_path, {"train/a/1.jpg": JPEG, "test/b/1.jpg": JPEG})
    with pytest.raises(ValueError, match="Did you mean folder=") as error:
        folder_of(tmp_path)
    assert repr(str(tmp_path / "test")) in str(error.value)


@pytest.mark.parametrize("folder", [None, 3, b"faces", ["faces"]])
def test_a_folder_must_be_a_path(folder):
    with pytest.raises(ValueError, match="`folder` must be a path"):
        ImageFolder(folder)


@pytest.mark.parametrize("image_size", [112, (112,), (0, 112), (112.0, 112)])
def test_an_image_size_must_be_two_positive_ints(tmp_path, image_size):
    with pytest.raises(
        ValueError, match=r"`image_size` is.*2 integers of at least 1"
    ):
        ImageFolder(tmp_path, image_size=image_size)


def test_without_the_check_no_file_is_opened(tmp_path):
    write(tmp_path, {"a/1.jpg": b"text", "a/2.jpg": JPEG})
    folder = folder_of(tmp_path, check_images=False)
    assert len(folder) == 2
    assert folder.unreadable == {}


@pytest.mark.parametrize(
    ("content", "error", "message"),
    [
        (b"text", ImageError, r"1\.jpg \(not an image: neither JPEG"),
        (encoded(picture(size=(8, 8))), ValueError, r"8x8 in .*1\.jpg"),
    ],
)
def test_load_names_a_bad_file_that_was_not_checked(
    tmp_path, content, error, message
):
    write(tmp_path, {"a/1.jpg": content, "a/2.jpg": JPEG})
    folder = folder_of(tmp_path, check_images=False)
    with pytest.raises(error, match=message):
        folder.load()
