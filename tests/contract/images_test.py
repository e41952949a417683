import io

import numpy as np
import pytest
from PIL import Image, ImageFile

from keras_sphereface.contract import FaceInput, ImageError, read_image


def make_pixels(height=112, width=112):
    """A smooth picture, which a fine JPEG keeps but for rounding YCbCr."""
    y, x = np.mgrid[:height, :width]
    channels = [x, y, 0.5 * (x + y)]
    return np.stack(channels, axis=-1).astype(np.uint8)


def encode(pixels, kind, **options):
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.mark.parametrize(("kind", "tolerance"), [("png", 0), ("jpeg", 3)])
@pytest.mark.parametrize("given_as", ["path", "str", "bytes"])
def test_reads_the_pixels_that_were_written(
    tmp_path, kind, tolerance, given_as
):
    pixels = make_pixels()
    options = {} if kind == "png" else {"quality": 100, "subsampling": 0}
    data = encode(pixels, kind, **options)
    path = tmp_path / f"face.{kind}"
    path.write_bytes(data)
    source = {"path": path, "str": str(path), "bytes": data}[given_as]
    image = read_image(source, FaceInput())
    assert image.dtype == np.uint8
    np.testing.assert_allclose(image.astype(int), pixels, atol=tolerance)


def test_returns_checked_arrays_unchanged():
    pixels = make_pixels()
    np.testing.assert_array_equal(read_image(pixels), pixels)


def test_turns_gray_palette_and_transparent_images_to_rgb():
    gray = make_pixels()[..., 0]
    image = read_image(encode(gray, "png"))
    np.testing.assert_array_equal(image, np.repeat(gray[..., None], 3, -1))

    rgba = np.dstack([make_pixels(), np.full((112, 112), 9, np.uint8)])
    np.testing.assert_array_equal(
        read_image(encode(rgba, "png")), make_pixels()
    )

    buffer = io.BytesIO()
    palette = Image.fromarray(gray).convert("P")
    palette.save(buffer, "png", transparency=bytes(range(256)))
    image = read_image(buffer.getvalue())
    np.testing.assert_array_equal(image[..., 0], gray)


def test_turns_a_rotated_photo_upright():
    exif = Image.Exif()
    exif[0x0112] = 6  # orientation: turn a quarter clockwise to view
    pixels = make_pixels(height=20, width=30)
    image = read_image(encode(pixels, "png", exif=exif))
    np.testing.assert_array_equal(image, np.rot90(pixels, k=-1))


@pytest.mark.parametrize("lenient", [False, True])
@pytest.mark.parametrize(
    ("kind", "kept"),
    [("jpeg", 1), ("png", 8)],  # the last bytes, whose loss is noticed
)
def test_refuses_a_file_cut_anywhere(
    tmp_path, monkeypatch, lenient, kind, kept
):
    # Other libraries set this for the whole process.
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", lenient)
    data = encode(make_pixels(24, 24), kind)
    path = tmp_path / f"cut.{kind}"
    path.write_bytes(data)
    assert read_image(path).shape == (24, 24, 3)
    for length in range(1, len(data) - kept + 1):
        path.write_bytes(data[:length])
        with pytest.raises(ImageError, match=rf"cut\.{kind}"):
            read_image(path)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "empty.*note.jpg"),
        (b"This is not a picture.", "not an image.*note.jpg"),
        (b"\xff\xd8\xff\xe0" + bytes(200), "truncated.*note.jpg"),
        (b"\x89PNG\r\n\x1a\n" + bytes(200), "broken.*note.jpg"),
    ],
)
def test_names_a_file_that_is_no_image(tmp_path, data, message):
    path = tmp_path / "note.jpg"
    path.write_bytes(data)
    with pytest.raises(ImageError, match=message):
        read_image(path)


def test_says_how_many_bytes_are_no_image():
    with pytest.raises(ImageError, match="the 4 bytes given"):
        read_image(b"1234")


def test_refuses_deep_pixels_rather_than_clip_them():
    deep = np.arange(400, dtype=np.uint16).reshape(20, 20) * 100
    with pytest.raises(ImageError, match="16 bits per channel"):
        read_image(encode(deep, "png"))


def test_names_a_file_of_the_wrong_size(tmp_path):
    path = tmp_path / "wide.png"
    path.write_bytes(encode(make_pixels(100, 90), "png"))
    with pytest.raises(ImageError, match=r"112x112.*100x90 in .*wide\.png"):
        read_image(path, FaceInput())
    assert read_image(path).shape == (100, 90, 3)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (make_pixels().astype("float32"), "uint8.*float32"),
        (make_pixels()[..., 0], r"shape=\(112, 112\)"),
        (7, "type int"),
        (None, "type NoneType"),
    ],
)
def test_refuses_what_cannot_be_an_image(source, message):
    with pytest.raises(ValueError, match=message):
        read_image(source)


def test_a_missing_file_is_a_file_error(tmp_path):
    with pytest.raises(FileNotFoundError, match="nobody"):
        read_image(tmp_path / "nobody.jpg")
