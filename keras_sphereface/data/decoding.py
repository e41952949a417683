"""Pixels of a training image, the same ones that evaluation sees."""

import tensorflow as tf

from keras_sphereface.contract import ImageError
from keras_sphereface.contract.image_header import RefusedImageError
from keras_sphereface.contract.image_policy import read_header, read_image_file

# What the one op reads that pipelines are fastest with.
FAST_KINDS = ("JPEG", "PNG")
READS_WEBP = hasattr(tf.io, "decode_webp")
_MAX_PPM_HEADER = 250


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

    JPEG, PNG, BMP, PGM and PPM with 8 bits per channel, and WebP where
    TensorFlow has `tf.io.decode_webp`. Gray, palette and CMYK images become
    RGB, an alpha channel is dropped. The pixels are those of
    `contract.read_image`, the reader of evaluation and devices.

    Args:
        image_bytes: bytes or string tensor, `[]`.

    Returns:
        Uint8 tensor, `[height, width, 3]`.
    """
    image_bytes = tf.convert_to_tensor(image_bytes)
    start = tf.strings.substr(image_bytes, 0, 2)
    rare = [
        (start == b"BM", lambda: tf.io.decode_bmp(image_bytes, 3)),
        (start == b"P5", lambda: _decode_ppm(image_bytes, 1)),
        (start == b"P6", lambda: _decode_ppm(image_bytes, 3)),
    ]
    if READS_WEBP:
        rare.append((start == b"RI", lambda: _decode_webp(image_bytes)))
    pixels = tf.case(rare, default=lambda: decode_jpeg_or_png(image_bytes))
    return tf.ensure_shape(pixels, (None, None, 3))


def decode_jpeg_or_png(image_bytes):
    """RGB pixels as `decode_image` has them, of the two usual formats.

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


def decode_images(image_bytes, image_size, *, any_kind=True):
    """RGB pixels of encoded images of one size, as a batch.

    Args:
        image_bytes: string tensor, `[batch_size]`.
        image_size: `(height, width)`; another size is an error.
        any_kind: bool. `False` where all are JPEG or PNG saves the question
            for each. Defaults to `True`.

    Returns:
        Uint8 tensor, `[batch_size, height, width, 3]`.
    """
    return _map_to_images(_decoder(any_kind), image_bytes, image_size)


def read_batch(index, read_bytes, image_size, *, any_kind=True):
    """RGB pixels of encoded images of one size, as a batch.

    Args:
        index: int tensor, `[batch_size]`.
        read_bytes: function from an index `[]` to a string tensor `[]`.
        image_size: `(height, width)`; another size is an error.
        any_kind: bool, as in `decode_images`. Defaults to `True`.

    Returns:
        Uint8 tensor, `[batch_size, height, width, 3]`.
    """
    decode = _decoder(any_kind)

    def read_image(position):
        return decode(read_bytes(position))

    return _map_to_images(read_image, index, image_size)


def read_file(path):
    """The bytes of an image file, unless they are surely of no use.

    Refused is what `encoded_header` refuses.

    Args:
        path: str, path of the file.

    Returns:
        Bytes.

    Raises:
        UnreadableImageError: the file is refused.
        OSError: the file is missing or cannot be opened.
    """
    try:
        image_bytes = read_image_file(path)
    except RefusedImageError as error:
        raise UnreadableImageError(path, str(error)) from None
    return check_encoded(image_bytes, path)


def check_encoded(image_bytes, name):
    """The bytes of an image, unless they are surely of no use.

    Args:
        image_bytes: bytes.
        name: str, what an error calls the image.

    Returns:
        `image_bytes`.

    Raises:
        UnreadableImageError: they are refused, as `encoded_header` does.
    """
    encoded_header(image_bytes, name)
    return image_bytes


def encoded_header(image_bytes, name):
    """What an image says about itself, unless it is surely of no use.

    Refused is what `contract.read_image` refuses, before anything is decoded;
    and an orientation in the EXIF data and rare forms of BMP, PGM and PPM,
    which it can read and `decode_image` cannot.

    Args:
        image_bytes: bytes.
        name: str, what an error calls the image.

    Returns:
        `contract.image_header.ImageHeader`.

    Raises:
        UnreadableImageError: the image is refused.
    """
    try:
        header = read_header(image_bytes)
    except RefusedImageError as error:
        raise UnreadableImageError(name, str(error)) from None
    reason = header.training_fault
    if header.orientation != 1:
        reason = "turned by its EXIF orientation"
    elif header.kind == "WEBP" and not READS_WEBP:
        reason = "WebP, which this TensorFlow does not read; 2.21 does"
    if reason:
        raise UnreadableImageError(name, reason)
    return header


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


def _decoder(any_kind):
    return decode_image if any_kind else decode_jpeg_or_png


def _decode_webp(image_bytes):
    # The one frame of an animation, with the channels that it has: the op
    # refuses to leave one out.
    return tf.io.decode_webp(image_bytes)[0, :, :, :3]


def _decode_ppm(image_bytes, channels):
    """The pixels behind a header whose comments have lines of their own."""
    header = tf.strings.substr(image_bytes, 0, _MAX_PPM_HEADER)
    lines = tf.strings.split(header, "\n")
    is_comment = tf.strings.substr(lines, 0, 1) == b"#"
    text = tf.strings.reduce_join(lines[~is_comment], separator=" ")
    size = tf.strings.to_number(tf.strings.split(text)[1:3], tf.int32)
    count = size[0] * size[1] * channels
    pixels = tf.io.decode_raw(
        tf.strings.substr(image_bytes, -count, count), tf.uint8
    )
    pixels = tf.reshape(pixels, (size[1], size[0], channels))
    return tf.image.grayscale_to_rgb(pixels) if channels == 1 else pixels


def _map_to_images(function, items, image_size):
    shape = (*image_size, 3)
    with tf.device("CPU:0"):
        return tf.map_fn(
            lambda item: tf.ensure_shape(function(item), shape),
            items,
            fn_output_signature=tf.TensorSpec(shape, tf.uint8),
        )
