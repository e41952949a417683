"""Random changes to training images."""

import tensorflow as tf


def random_flip(example, *, seed):
    """The example with its image mirrored left to right, half of the time.

    The images of a batch are mirrored independently. The same seed mirrors the
    same ones, eagerly and inside `tf.data`.

    Args:
        example: dict with `"image"`, `[height, width, 3]` or
            `[batch_size, height, width, 3]`; other entries are kept.
        seed: two ints, or an int tensor `[2]`.

    Returns:
        A new dict with the shapes and types of `example`.
    """
    image = tf.image.stateless_random_flip_left_right(
        example["image"], seed=seed
    )
    return {**example, "image": image}
