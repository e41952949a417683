"""Pixels of a training image, the same ones that evaluation sees."""

import io
import struct

import tensorflow as tf

from keras_sphereface.contract import ImageError

_JPEG_START, _PNG_START = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"
_PNG_BIT_DEPTH = 24  # offset of the byte in the header
_MAX_PIXELS = 2**26  # 200 MB decoded; no face crop, and no bomb either
_ORIENTATION_TAG = 0x0112
_ORIENTATION_MARKS = (b"Exif\0", b"eXIf", b"tiff:Orientation")


class UnreadableImageError(ImageError):
    """A file that cannot be used for training, and why.

    Args:
        path: str.
        reason: str, a few words.
    """

    def __init__(self, path, reason):
        super().__init__(
            f"The image cannot be used. Received: {path} ({reason})"
        )
        self.reason = reason


def decode_image(image_bytes):
    """RGB pixels of an encoded image, eagerly or inside `tf.data`.

    JPEG and PNG with 8 bits per channel. Gray, palette and CMYK images become
    RGB, an alpha channel is dropped. The pixels are those of
    `contract.read_image`, the reader of evaluation and devices.

    Args:
        image_bytes: bytes or string tensor, `[]`.

    Returns:
        Uint8 tensor, `[height, width, 3]`.
    """
    # This op reads PNG as well; `tf.io.decode_image` has no accurate transform
    # and gives other pixels than Pillow.
    return tf.io.decode_jpeg(
        image_bytes, channels=3, dct_method="INTEGER_ACCURATE"
    )


def decode_images(image_bytes, image_size):
    """RGB pixels of encoded images of one size, as a batch.

    Args:
        image_bytes: string tensor, `[batch_size]`.
        image_size: `(height, width)`; another size is an error.

    Returns:
        Uint8 tensor, `[batch_size, height, width, 3]`.
    """
    return _map_to_images(decode_image, image_bytes, image_size)


def read_batch(index, read_bytes, image_size):
    """RGB pixels of encoded images of one size, as a batch.

    Args:
        index: int tensor, `[batch_size]`.
        read_bytes: function from an index `[]` to a string tensor `[]`.
        image_size: `(height, width)`; another size is an error.

    Returns:
        Uint8 tensor, `[batch_size, height, width, 3]`.
    """

    def read_image(position):
        return decode_image(read_bytes(position))

    return _map_to_images(read_image, index, image_size)


def read_file(path):
    """The bytes of an image file, unless they are surely of no use.

    Refused are empty files, those that are neither JPEG nor PNG, 16 bits per
    channel, and an orientation in the EXIF data, which
    `contract.read_image` applies and `decode_image` cannot.

    Args:
        path: str, path of the file.

    Returns:
        Bytes.

    Raises:
        UnreadableImageError: the file is refused.
        OSError: the file is missing or cannot be opened.
    """
    with open(path, "rb") as file:
        return check_encoded(file.read(), path)


def check_encoded(image_bytes, name):
    """The bytes of an image, unless they are surely of no use.

    Args:
        image_bytes: bytes.
        name: str, what an error calls the image.

    Returns:
        `image_bytes`.

    Raises:
        UnreadableImageError: they are refused, as `read_file` does.
    """
    reason = _reason_to_refuse(image_bytes)
    if reason:
        raise UnreadableImageError(name, reason)
    return image_bytes


def decode_checked(image_bytes, name):
    """Pixels of one encoded image, or an error that names it.

    Args:
        image_bytes: bytes that `check_encoded` let pass.
        name: str, what an error calls the image.

    Returns:
        Uint8 array, `[height, width, 3]`.

    Raises:
        UnreadableImageError: the bytes are corrupt or truncated.
    """
    try:
        return decode_image(image_bytes).numpy()
    except tf.errors.InvalidArgumentError as error:
        raise UnreadableImageError(name, "corrupt or truncated") from error


def _reason_to_refuse(image_bytes):
    if not image_bytes:
        return "empty file"
    if not image_bytes.startswith((_JPEG_START, _PNG_START)):
        return "neither JPEG nor PNG"
    is_png = image_bytes.startswith(_PNG_START)
    if is_png and image_bytes[_PNG_BIT_DEPTH : _PNG_BIT_DEPTH + 1] == b"\x10":
        return "16 bits per channel"
    height, width = _declared_size(image_bytes)
    if height * width > _MAX_PIXELS:
        return f"{height}x{width} pixels is too large"
    if any(mark in image_bytes for mark in _ORIENTATION_MARKS):
        return _orientation_fault(image_bytes)
    return None


def _declared_size(image_bytes):
    """`(height, width)` as the header says; zeros where it says nothing."""
    if image_bytes.startswith(_PNG_START):
        header = image_bytes[16:24]
        if len(header) < 8:
            return 0, 0
        width, height = struct.unpack(">II", header)
        return height, width
    position = 2
    while position + 9 <= len(image_bytes):
        if image_bytes[position] != 0xFF:
            break
        marker = image_bytes[position + 1]
        if marker == 0xFF:  # padding before a marker
            position += 1
            continue
        length, height, width = struct.unpack_from(
            ">HxHH", image_bytes, position + 2
        )
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return height, width
        position += 2 + length
    return 0, 0


def _orientation_fault(image_bytes):
    from PIL import Image

    try:
        with Image.open(io.BytesIO(image_bytes)) as image:
            orientation = image.getexif().get(_ORIENTATION_TAG, 1)
    # Pillow's parsers raise OSError, SyntaxError, struct.error and more.
    except Exception:
        return "corrupt or truncated"
    return None if orientation in (0, 1) else "turned by its EXIF orientation"


def _map_to_images(function, items, image_size):
    shape = (*image_size, 3)
    with tf.device("CPU:0"):
        return tf.map_fn(
            lambda item: tf.ensure_shape(function(item), shape),
            items,
            fn_output_signature=tf.TensorSpec(shape, tf.uint8),
        )
