"""Reading one face image, or saying which file is broken."""

import io
import os
from typing import Any

import numpy as np

from keras_sphereface.contract.bitmap_files import decode_ppm
from keras_sphereface.contract.exif_orientation import turn_upright
from keras_sphereface.contract.face_input import FaceInput
from keras_sphereface.contract.image_header import (
    DamagedImageError,
    ImageHeader,
    RefusedImageError,
)
from keras_sphereface.contract.image_policy import read_header, read_image_file
from keras_sphereface.contract.jpeg_segments import jpeg_without_metadata
from keras_sphereface.contract.png_chunks import png_without_metadata
from keras_sphereface.contract.webp_chunks import webp_without_metadata

# What `read_image` takes.
ImageSource = str | os.PathLike | bytes | bytearray | memoryview | np.ndarray
PATH_TYPES = (str, os.PathLike)
ENCODED_TYPES = (bytes, bytearray, memoryview)

# Pillow never sees what is beside the pixels: the costs of EXIF data, color
# profiles and texts have no bound there.
_WITHOUT_METADATA = {
    "JPEG": jpeg_without_metadata,
    "PNG": png_without_metadata,
    "WEBP": webp_without_metadata,
    "BMP": lambda data: data,
}


class ImageError(ValueError):
    """An image that cannot be decoded, or has the wrong size."""


def read_image(
    source: ImageSource,
    face_input: FaceInput | None = None,
) -> np.ndarray:
    """Decodes one image to RGB pixels.

    JPEG, PNG, WebP, BMP, PGM and PPM, told by their content. The EXIF
    orientation is applied, as OpenCV and photo viewers do. Gray, palette and
    CMYK images become RGB; an alpha channel is dropped. The header is read
    first: an image of the wrong size, or one that would cost far more to decode
    than its bytes account for, is refused before a decoder sees it.

    Args:
        source: path of an image file, its encoded bytes, or uint8 pixels
            `[height, width, 3]`, which are checked and returned.
        face_input: `FaceInput` the image must fit, or `None` for any size.
            Defaults to `None`.

    Returns:
        uint8 array, `[height, width, 3]`, RGB.

    Raises:
        ImageError: the file is truncated, is none of these images, has another
            size than `face_input` wants, 16 bits per channel or too many
            pixels; the message names the file.
        OSError: the file is missing or cannot be opened.
    """
    if isinstance(source, np.ndarray):
        pixels = _check_pixels(source)
        _check_size(pixels.shape, face_input, "the array")
        return pixels
    if isinstance(source, ENCODED_TYPES):
        return _read(
            bytes(source), face_input, f"the {len(source)} bytes given"
        )
    if isinstance(source, PATH_TYPES):
        name = os.fspath(source)
        try:
            data = read_image_file(source)
        except RefusedImageError as error:
            raise _refusal(name, error) from None
        return _read(data, face_input, name)
    raise ValueError(
        "`source` must be a path, bytes or a uint8 array. "
        f"Received: source of type {type(source).__name__}"
    )


def _check_size(
    shape: tuple[int, ...], face_input: FaceInput | None, name: str
) -> None:
    if face_input is not None and shape[:2] != face_input.shape[:2]:
        raise ImageError(
            f"The image must be {face_input.height}x{face_input.width} "
            "(height x width); align the face with `align_face` or resize it. "
            f"Received: {shape[0]}x{shape[1]} in {name}"
        )


def _check_pixels(image: np.ndarray) -> np.ndarray:
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[-1] != 3:
        raise ImageError(
            "An image given as an array must be uint8, [height, width, 3]. "
            f"Received: dtype={image.dtype}, shape={image.shape}"
        )
    return image


def _read(data: bytes, face_input: FaceInput | None, name: str) -> np.ndarray:
    if not data:
        raise ImageError(f"The image file is empty. Received: {name}")
    try:
        header = read_header(data)
        _check_size(header.upright_size, face_input, name)
        pixels = _decode(data, header)
    except RefusedImageError as error:
        raise _refusal(name, error) from None
    return turn_upright(pixels, header.orientation)


def _decode(data: bytes, header: ImageHeader) -> np.ndarray:
    if header.kind == "PPM":
        return decode_ppm(data)
    from PIL import Image

    content = io.BytesIO(_WITHOUT_METADATA[header.kind](data))
    try:
        # Without `formats`, any of Pillow's sixty would be tried.
        with Image.open(content, formats=[header.kind]) as image:
            if image.size != (header.width, header.height):
                raise DamagedImageError("broken: it has two sizes")
            image.load()
            return np.array(image if image.mode == "RGB" else _rgb(image))
    except RefusedImageError:
        raise
    # Pillow's decoders raise OSError, SyntaxError, struct.error and more.
    except Exception as error:
        raise DamagedImageError(str(error)) from error


def _rgb(image: Any) -> Any:
    if "transparency" in image.info:
        image = image.convert("RGBA")
    return image.convert("RGB")


def _refusal(name: str, error: RefusedImageError) -> ImageError:
    said = "The image cannot be used."
    if isinstance(error, DamagedImageError):
        said = "The file is truncated, broken or not an image."
    return ImageError(f"{said} Received: {name} ({error})")
