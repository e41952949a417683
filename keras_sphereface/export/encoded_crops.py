"""JPEG and PNG crops decoded in a graph, each with what is wrong with it."""

import tensorflow as tf

from keras_sphereface.contract import FaceInput

NOT_WHOLE = "must be a whole JPEG or PNG crop, and is truncated or broken"
NO_KIND = "must be a JPEG or PNG crop, and is neither"
DEEP = "must have 8 bits per channel, and has 16"
TURNED = (
    "must be upright, and its metadata turn it; turn its pixels and drop the "
    "metadata"
)
_JPEG_START, _PNG_START = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"
# Of an EXIF tag: orientation, one short integer, 2 to 8, in either byte order;
# or of XMP. RE2 calls any byte `\C`.
_TURNS = (
    r"\C*(?:Exif\x00\x00|eXIf)(?:"
    r"II\*\x00\C*\x12\x01\x03\x00\x01\x00\x00\x00[\x02-\x08]\x00"
    r"|MM\x00\*\C*\x01\x12\x00\x03\x00\x00\x00\x01\x00[\x02-\x08]"
    r")\C*"
    r'|\C*tiff:Orientation(?:="|>)[2-8]\C*'
)


def decode_crops(
    image_bytes: tf.Tensor, face_input: FaceInput
) -> tuple[tf.Tensor, tf.Tensor]:
    """Pixels of encoded crops, as `contract.read_image` reads them.

    One crop that cannot be used does not stop the others: a server makes one
    batch of the requests of many clients. Sizes are read in the headers before
    anything is decoded.

    Args:
        image_bytes: string tensor, `[batch_size]`, a JPEG or PNG file each.
        face_input: `FaceInput`, the size that each must have.

    Returns:
        `(pixels, errors)`: uint8 `[batch_size, height, width, 3]`, zeros where
        there is an error; strings `[batch_size]`, empty where there is none.
    """
    size = tf.shape(image_bytes, out_type=tf.int64)[0]
    shape = face_input.shape

    def decode(
        index: tf.Tensor, content: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        error = _what_is_wrong(content, face_input)
        pixels = tf.cond(
            tf.equal(error, ""),
            lambda: _decode(content, shape),
            lambda: tf.zeros(shape, tf.uint8),
        )
        return index, pixels, error

    # What is one too many makes a batch where none can be decoded.
    spare = tf.data.Dataset.from_tensors(
        (size, tf.zeros(shape, tf.uint8), tf.constant(""))
    )
    decoded = (
        tf.data.Dataset.range(size)
        .map(lambda index: (index, image_bytes[index]))
        .map(decode, num_parallel_calls=tf.data.AUTOTUNE, deterministic=False)
        .ignore_errors()
        .concatenate(spare)
        .batch(size + 1)
    )
    index, pixels, errors = decoded.get_single_element()
    # Those that were dropped are not there, and keep what stands first.
    places = index[:, None]
    pixels = tf.scatter_nd(places, pixels, [size + 1, *shape])
    errors = tf.tensor_scatter_nd_update(
        tf.fill([size + 1], NOT_WHOLE), places, errors
    )
    return tf.ensure_shape(pixels[:-1], (None, *shape)), errors[:-1]


def _decode(content: tf.Tensor, shape: tuple[int, int, int]) -> tf.Tensor:
    # Despite its name it decodes PNG too.
    pixels = tf.io.decode_jpeg(
        content, channels=3, dct_method="INTEGER_ACCURATE"
    )
    return tf.ensure_shape(pixels, shape)


def _what_is_wrong(content: tf.Tensor, face_input: FaceInput) -> tf.Tensor:
    """One string, empty where nothing is."""
    is_jpeg = _starts(content, _JPEG_START)
    is_png = _starts(content, _PNG_START)
    is_deep = is_png & tf.equal(_bytes(content, 24, 1)[0], 16)

    def wrong_size() -> tf.Tensor:
        height, width = tf.unstack(
            tf.cond(
                is_jpeg,
                lambda: _jpeg_size(content),
                lambda: _png_size(content),
            )
        )
        fits = (height == face_input.height) & (width == face_input.width)
        said = tf.strings.format(
            f"must be {face_input.height}x{face_input.width} (height x width), "
            "and is {}x{}",
            [height, width],
        )
        return tf.case(
            [
                (fits, lambda: tf.constant("")),
                ((height < 1) | (width < 1), lambda: tf.constant(NOT_WHOLE)),
            ],
            default=lambda: said,
        )

    return tf.case(
        [
            (~(is_jpeg | is_png), lambda: tf.constant(NO_KIND)),
            (is_deep, lambda: tf.constant(DEEP)),
            (
                tf.strings.regex_full_match(content, _TURNS),
                lambda: tf.constant(TURNED),
            ),
        ],
        default=wrong_size,
    )


def _starts(content: tf.Tensor, start: bytes) -> tf.Tensor:
    length = tf.minimum(tf.strings.length(content), len(start))
    return tf.equal(tf.strings.substr(content, 0, length), start)


def _bytes(content: tf.Tensor, place: int, count: int) -> tf.Tensor:
    """Bytes as integers, zeros where the content is shorter."""
    padded = tf.strings.join([content, b"\0" * (place + count)])
    part = tf.strings.substr(padded, place, count)
    values = tf.io.decode_raw(part, tf.uint8)
    return tf.cast(tf.ensure_shape(values, [count]), tf.int32)


def _jpeg_size(content: tf.Tensor) -> tf.Tensor:
    return tf.io.extract_jpeg_shape(content)[:2]


def _png_size(content: tf.Tensor) -> tf.Tensor:
    parts = tf.reshape(_bytes(content, 16, 8), [2, 4])
    width, height = tf.unstack(
        tf.reduce_sum(parts * [2**24, 2**16, 2**8, 1], axis=1)
    )
    return tf.stack([height, width])
