"""The image sizes that a backbone accepts."""

from keras_sphereface.contract.arguments import check_sizes

# Four halvings lead from the image to the feature map.
SIZE_MULTIPLE = 16


def check_input_shape(input_shape):
    """Raises unless the image can be halved four times.

    Args:
        input_shape: `(height, width, channels)`; height and width must be
            multiples of 16, such as 112 and 112, or 112 and 96.

    Returns:
        `input_shape`, a tuple of three ints.
    """
    shape = check_sizes(
        "input_shape",
        input_shape,
        length=3,
        reason="is (height, width, channels), height and width multiples of "
        f"{SIZE_MULTIPLE}, so it",
    )
    if shape[0] % SIZE_MULTIPLE or shape[1] % SIZE_MULTIPLE:
        raise ValueError(
            "`input_shape`, which is `image_size` and 3 channels in "
            "`build_embedding_model`, must be (height, width, channels) with "
            f"height and width multiples of {SIZE_MULTIPLE}, such as "
            f"(112, 112, 3) or (112, 96, 3). Received: input_shape={shape}"
        )
    return shape
