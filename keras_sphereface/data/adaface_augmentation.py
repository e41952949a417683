"""The three augmentations that AdaFace trains with."""

import math

import tensorflow as tf

from keras_sphereface.contract.arguments import check_number

_GRAY = (0.299, 0.587, 0.114)
_METHODS = ("nearest", "bilinear", "area", "bicubic", "lanczos3")
_TRIES = 10


class AdaFaceAugmentation:
    """Crops, dims and coarsens some of the images, each independently.

    - A crop keeps a part of 20 to 100 % of the area where it is, with a ratio
      of 3/4 to 4/3, and blackens the rest.
    - A low resolution shrinks the image to 20 to 100 % of its side and enlarges
      it again, each by a method drawn from five.
    - A photometric change multiplies brightness, contrast and saturation, in
      random order, by 0.5 to 1.5 each.

    Images stay RGB in `[0, 255]` and keep their type. The same seed changes the
    same images, eagerly and inside `tf.data`. Where AdaFace uses OpenCV's
    Lanczos of 8 pixels, TensorFlow's of 6 stands.

    Args:
        crop: float in `[0, 1]`, share of the images. Defaults to `0.2`.
        low_resolution: float in `[0, 1]`. Defaults to `0.2`.
        photometric: float in `[0, 1]`. Defaults to `0.2`.

    Call arguments:
        example: dict with `"image"`, `[batch_size, height, width, 3]`.
        seed: two ints, or an int tensor `[2]`.

    Reference:
        - [Kim et al., 2022](https://arxiv.org/abs/2204.00964)
    """

    def __init__(self, crop=0.2, low_resolution=0.2, photometric=0.2):
        self.crop = _share("crop", crop)
        self.low_resolution = _share("low_resolution", low_resolution)
        self.photometric = _share("photometric", photometric)

    def __call__(self, example, *, seed):
        images = tf.convert_to_tensor(example["image"])
        seeds = tf.random.split(seed, tf.shape(images)[0])
        changed = tf.map_fn(
            lambda pair: self._change(*pair),
            (images, seeds),
            fn_output_signature=tf.TensorSpec(images.shape[1:], images.dtype),
        )
        return {**example, "image": tf.ensure_shape(changed, images.shape)}

    def _change(self, image, seed):
        steps = (
            (self.crop, _crop),
            (self.low_resolution, _coarsen),
            (self.photometric, _dim),
        )
        seeds = tf.unstack(tf.random.split(seed, len(steps) + 1))
        draws = tf.random.stateless_uniform([len(steps)], seeds[-1])
        kept = image.shape
        for draw, (share, change), own in zip(
            tf.unstack(draws), steps, seeds[:-1], strict=True
        ):
            # The names are bound now, not when the branch is traced.
            image = tf.cond(
                draw < share,
                lambda image=image, change=change, own=own: change(image, own),
                lambda image=image: image,
            )
        return tf.ensure_shape(image, kept)


def _share(name, value):
    return check_number(
        name,
        value,
        at_least=0,
        at_most=1,
        reason="is a share of the images, so it",
    )


def _crop(image, seed):
    height, width = image.shape[0], image.shape[1]
    area_seed, ratio_seed, place_seed = tf.unstack(tf.random.split(seed, 3))
    area = height * width * _uniform(area_seed, 0.2, 1.0, _TRIES)
    ratio = tf.exp(
        _uniform(ratio_seed, math.log(3 / 4), math.log(4 / 3), _TRIES)
    )
    sides = tf.stack([tf.sqrt(area / ratio), tf.sqrt(area * ratio)], axis=1)
    sides = tf.cast(tf.round(sides), tf.int32)
    full = tf.constant([height, width])
    fits = tf.reduce_all((sides > 0) & (sides <= full), axis=1)
    # The first try that fits; the whole image, should none.
    sides = tf.concat([sides, full[None]], axis=0)
    fits = tf.concat([fits, [True]], axis=0)
    side = sides[tf.argmax(tf.cast(fits, tf.int32))]
    room = tf.cast(full - side + 1, tf.float32)
    start = tf.cast(_uniform(place_seed, 0.0, 1.0, 2) * room, tf.int32)
    start = tf.minimum(start, full - side)
    rows, columns = tf.range(height), tf.range(width)
    is_row = (rows >= start[0]) & (rows < start[0] + side[0])
    is_column = (columns >= start[1]) & (columns < start[1] + side[1])
    is_kept = (is_row[:, None] & is_column[None])[..., None]
    return tf.where(is_kept, image, tf.zeros_like(image))


def _coarsen(image, seed):
    height, width = image.shape[0], image.shape[1]
    share_seed, method_seed = tf.unstack(tf.random.split(seed, 2))
    share = _uniform(share_seed, 0.2, 1.0, 1)[0]
    small = tf.cast(share * tf.constant([height, width], tf.float32), tf.int32)
    small = tf.maximum(small, 1)
    down, up = tf.unstack(
        tf.random.stateless_uniform(
            [2], method_seed, 0, len(_METHODS), tf.int32
        )
    )
    coarse = _resized(_float(image), small, down)
    return _restored(
        _resized(coarse, tf.constant([height, width]), up), image.dtype
    )


def _resized(image, size, method):
    resized = tf.switch_case(
        method,
        [
            lambda name=name: tf.cast(
                tf.image.resize(image, size, method=name), tf.float32
            )
            for name in _METHODS
        ],
    )
    # OpenCV rounds to whole pixels in between.
    return tf.round(tf.clip_by_value(resized, 0.0, 255.0))


def _dim(image, seed):
    order_seed, factor_seed = tf.unstack(tf.random.split(seed, 2))
    factors = _uniform(factor_seed, 0.5, 1.5, 3)
    order = tf.random.experimental.stateless_shuffle(tf.range(3), order_seed)
    pixels = _float(image)
    for place in range(3):
        step = order[place]
        factor = factors[step]
        gray = tf.reduce_sum(pixels * _GRAY, axis=-1, keepdims=True)
        # Brightness blends with black, contrast with the mean gray and
        # saturation with the gray picture.
        other = tf.switch_case(
            step,
            [
                lambda gray=gray: tf.zeros_like(gray),
                lambda gray=gray: tf.fill(
                    tf.shape(gray), tf.round(tf.reduce_mean(gray))
                ),
                lambda gray=gray: gray,
            ],
        )
        pixels = tf.clip_by_value(other + factor * (pixels - other), 0.0, 255.0)
    return _restored(pixels, image.dtype)


def _uniform(seed, low, high, count):
    return tf.random.stateless_uniform([count], seed, low, high)


def _float(image):
    return tf.cast(image, tf.float32)


def _restored(pixels, dtype):
    """Float pixels in `[0, 255]` as the images came."""
    if dtype.is_integer:
        pixels = tf.round(pixels)
    return tf.cast(pixels, dtype)
