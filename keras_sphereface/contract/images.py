"""Reading one face image, or saying which file is broken."""

import io
import os
from pathlib import Path

import numpy as np

from keras_sphereface.contract.face_input import FaceInput

# What `read_image` takes.
ImageSource = str | os.PathLike | bytes | bytearray | memoryview | np.ndarray

_WIDE_MODES = ("I", "F")  # and "I;16", "I;16B", ...: no 8-bit pixels
_END_MARKERS = {"JPEG": b"\xff\xd9", "MPO": b"\xff\xd9", "PNG": b"IEND"}


class ImageError(ValueError):
    """An image that cannot be decoded, or has the wrong size."""


def read_image(
    source: ImageSource,
    face_input: FaceInput | None = None,
) -> np.ndarray:
    """Decodes one image to RGB pixels.

    The EXIF orientation is applied, as OpenCV and photo viewers do. Gray,
    palette and CMYK images become RGB; an alpha channel is dropped.

    Args:
        source: path of an image file, its encoded bytes, or uint8 pixels
            `[height, width, 3]`, which are checked and returned.
        face_input: `FaceInput` the image must fit, or `None` for any size.
            Defaults to `None`.

    Returns:
        uint8 array, `[height, width, 3]`, RGB.

    Raises:
        ImageError: the file is truncated, is not an image, or has another size
            than `face_input` wants; the message names the file.
        OSError: the file is missing or cannot be opened.
    """
    if isinstance(source, np.ndarray):
        name, image = "the array", _check_pixels(source)
    elif isinstance(source, (bytes, bytearray, memoryview)):
        name = f"the {len(source)} bytes given"
        image = _decode(bytes(source), name)
    elif isinstance(source, (str, os.PathLike)):
        name = os.fspath(source)
        image = _decode(Path(source).read_bytes(), name)
    else:
        raise ValueError(
            "`source` must be a path, bytes or a uint8 array. "
            f"Received: source of type {type(source).__name__}"
        )
    if face_input is not None and image.shape != face_input.shape:
        raise ImageError(
            f"The image must be {face_input.height}x{face_input.width} "
            "(height x width); align the face with `align_face` or resize it. "
            f"Received: {image.shape[0]}x{image.shape[1]} in {name}"
        )
    return image


def _check_pixels(image: np.ndarray) -> np.ndarray:
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[-1] != 3:
        raise ImageError(
            "An image given as an array must be uint8, [height, width, 3]. "
            f"Received: dtype={image.dtype}, shape={image.shape}"
        )
    return image


def _decode(data: bytes, name: str) -> np.ndarray:
    from PIL import Image, ImageOps

    if not data:
        raise ImageError(f"The image file is empty. Received: {name}")
    try:
        with Image.open(io.BytesIO(data)) as image:
            image.load()
            mode, kind = image.mode, image.format
            upright = ImageOps.exif_transpose(image)
            if "transparency" in upright.info:
                upright = upright.convert("RGBA")
            pixels = np.array(upright.convert("RGB"))
    # Pillow's decoders raise OSError, SyntaxError, struct.error and more.
    except Exception as error:
        raise ImageError(
            "The file is truncated, broken or not an image. "
            f"Received: {name} ({error})"
        ) from error
    if mode.startswith(_WIDE_MODES):
        raise ImageError(
            "The image must have 8 bits per channel. "
            f"Received: {name} with Pillow mode {mode!r}"
        )
    # Some library may have set `ImageFile.LOAD_TRUNCATED_IMAGES`, with which
    # Pillow fills what is missing with gray. Bytes may follow the end marker.
    end_marker = _END_MARKERS.get(kind or "", b"")
    if end_marker not in data[-4096:]:
        raise ImageError(
            f"The {kind} file is truncated: no end marker. Received: {name}"
        )
    return pixels
