import tracemalloc

import pytest
from image_bombs import encoded, many_scans, png_of, read, refused

from keras_sphereface.contract import image_policy
from keras_sphereface.contract.image_header import RefusedImageError
from keras_sphereface.contract.image_policy import (
    KINDS,
    kind_of,
    read_header,
    read_image_file,
    why_left_out,
    why_no_image,
)


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_is_told_by_its_content(kind, tmp_path):
    data = encoded(kind)
    assert kind_of(data) == kind_of(data[: image_policy.HEAD_BYTES]) == kind
    assert read_header(data)[:3] == (kind, 112, 112)
    for name in ("a.jpg", "a.tif", "a", "a.txt"):
        (tmp_path / name).write_bytes(data)
        assert why_left_out(tmp_path / name) == ""


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty file"),
        (encoded("GIF"), "GIF, not JPEG, PNG"),
        (encoded("TIFF"), "TIFF, not JPEG, PNG"),
        (b"%!PS-Adobe", "PostScript, not"),
        (b"\0\0\0\x20ftypheic", "HEIF, not"),
        (b"\0\0\0\x20ftypavif", "AVIF, not"),
        (b"P2 1 1 255 7", "PGM as text, not"),
        (b"P5: a note", "not an image: neither JPEG"),
        (b"BMW drives into the picture", "not an image"),
        (b"RIFF....WAVEfmt ", "not an image"),
        (b"this is a text", "not an image"),
    ],
)
def test_what_is_no_image_is_called_by_its_name(data, reason, tmp_path):
    assert kind_of(data) is None
    assert why_no_image(data).startswith(reason)
    (tmp_path / "a.dat").write_bytes(data)
    assert why_left_out(tmp_path / "a.dat").startswith(reason)
    with pytest.raises(RefusedImageError, match=reason):
        read_header(data)


def test_a_file_with_the_name_of_an_image_is_not_opened(tmp_path):
    for name in ("a.JPG", "a.jfif", "a.webp", "a.pgm"):
        assert why_left_out(tmp_path / name) == ""
    assert "No such file" in why_left_out(tmp_path / "a.txt")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        # 16,384 squared is more than Pillow takes without a warning.
        (png_of(16_384, 16_384), "16384x16384 pixels is too large$"),
        # 12.6 million pixels of 4 bytes are just over 48 MiB.
        (png_of(3600, 3500), "3600x3500 pixels is too large for"),
        (many_scans(100), "2000x2000 pixels in .* scans is too much"),
    ],
)
def test_what_could_hurt_is_refused_before_it_is_decoded(data, message):
    with pytest.raises(RefusedImageError, match=message):
        read_header(data)


def test_bytes_account_for_pixels():
    few, many = png_of(6000, 4000), png_of(6000, 4000, bytes(2_000_000))
    with pytest.raises(RefusedImageError, match="too large for"):
        read_header(few)
    assert read_header(many)[1:3] == (6000, 4000)
    assert read_header(png_of(3500, 3500))[1:3] == (3500, 3500)


def test_the_bombs_are_told_from_harmless_ones():
    for data in read().values():
        assert read_header(data)[1:3] == (112, 112)
    passed = set()
    for name, data in refused().items():
        try:
            read_header(data)
            passed.add(name)
        except RefusedImageError:
            pass
    # Their decoders find out, at a cost that is bounded.
    assert passed <= {
        "png cut short",
        "interlaced png cut short",
        "webp cut short",
    }


def test_no_more_is_read_than_an_image_can_have(tmp_path, monkeypatch):
    monkeypatch.setattr(image_policy, "MAX_FILE_BYTES", 99)
    (tmp_path / "a").write_bytes(bytes(99))
    assert len(read_image_file(tmp_path / "a")) == 99
    (tmp_path / "a").write_bytes(bytes(100))
    with pytest.raises(RefusedImageError, match="more than 99 bytes"):
        read_image_file(tmp_path / "a")


def test_a_small_file_takes_no_more_memory_than_it_has(tmp_path):
    content = bytes(range(256)) * 1000
    (tmp_path / "a").write_bytes(content)
    tracemalloc.start()
    try:
        assert read_image_file(tmp_path / "a") == content
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4 * len(content)
