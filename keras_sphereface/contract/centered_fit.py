"""Crops of one size for a network of another, without changing the scale."""

import numpy as np

from keras_sphereface.contract.arguments import check_choice, check_sizes

FITS = ("width", "both")


def fit_crops(
    images: np.ndarray, size: tuple[int, int], *, fit: str = "width"
) -> np.ndarray:
    """Cuts or pads crops around their middle.

    Where a crop is larger than `size` as much is cut on both sides, where it
    is smaller it gets black sides; an odd pixel is cut or added at the right
    or the bottom. Nothing is scaled: a face has the same size afterwards.

    112x112 crops become the 112x96 of SphereFace and CosFace by the columns 8
    to 103, which is `template_for(112, 96)`: aligning to 112x96 gives the
    same pixels.

    Args:
        images: `[num_images, height, width, channels]`.
        size: `(height, width)` that is wanted.
        fit: `"width"`, only the widths may differ, since alignment scales a
            face with the height of its crop; or `"both"`, for networks that
            were trained on the middle of larger crops. Defaults to `"width"`.

    Returns:
        Array, `[num_images, *size, channels]`, of the same type.

    Raises:
        ValueError: the heights differ, and `fit` is `"width"`.
    """
    check_choice("fit", fit, FITS)
    height, width = check_sizes(
        "size", size, length=2, reason="is (height, width), so it"
    )
    if images.ndim != 4:
        raise ValueError(
            "`images` must be [num_images, height, width, channels]. "
            f"Received: images.shape={images.shape}"
        )
    if images.shape[1] != height and fit == "width":
        raise ValueError(
            f"`images` must be {height} pixels high: faces in crops of another "
            "height have another scale. Align them to "
            f'{height}x{width}, or take their middle with fit="both". '
            f"Received: images of {images.shape[1]}x{images.shape[2]}"
        )
    return _fit_axis(_fit_axis(images, 1, height), 2, width)


def _fit_axis(images: np.ndarray, axis: int, wanted: int) -> np.ndarray:
    excess = images.shape[axis] - wanted
    before = abs(excess) // 2
    if excess >= 0:
        part = [slice(None)] * images.ndim
        part[axis] = slice(before, before + wanted)
        return images[tuple(part)]
    sides = [(0, 0)] * images.ndim
    sides[axis] = (before, -excess - before)
    return np.pad(images, sides)
