"""What the first images of many say about all of them."""

import warnings
from typing import Any

import numpy as np

from keras_sphereface.contract.face_input import range_hint

# Channels of fewer faces, or of few in color, differ by chance.
MIN_IMAGES = 64
# Of which most are of one color by no chance.
_ENOUGH = 16
# Augmentation may overshoot; other scales are further off.
_OVERSHOOT = 64
# No image of a face has so few levels.
_FEW_LEVELS = 16


def check_first_images(images: np.ndarray, name: str = "images") -> None:
    """Raises if images are no pixels in `[0, 255]`; warns if they look odd.

    For a model that trains or embeds many: `FaceInput.check` refuses a single
    pixel that is out of range, which an augmented batch may have. What is odd
    is that most of them are of one color, or that the faces are more blue than
    red, as no skin is: red and blue have changed places.

    Args:
        images: uint8 or float, `[num_images, height, width, 3]`, RGB.
        name: str, what an error calls them. Defaults to `"images"`.
    """
    images = np.asarray(images)
    low, high = float(images.min()), float(images.max())
    if not np.isfinite([low, high]).all():
        broken = ~np.isfinite(images).all(axis=(1, 2, 3))
        raise ValueError(
            f"`{name}` must be finite. Received: NaN or infinity in "
            f"{name}[{int(broken.argmax())}]"
        )
    for is_so, hint in scale_faults(low, high):
        if is_so:
            raise ValueError(
                f"`{name}` must hold pixels in [0, 255].{hint} "
                f"Received: {name} in [{low:g}, {high:g}]"
            )
    for oddity in _oddities(images):
        warnings.warn(f"`{name}`: {oddity}", stacklevel=3)


def scale_faults(low: Any, high: Any) -> list[tuple[Any, str]]:
    """Each range that is wrong for many images, of which one at most is so.

    Args:
        low: float or scalar tensor, the lowest value.
        high: float or scalar tensor, the highest.

    Returns:
        List of pairs of a bool, or scalar tensor, and the advice.
    """
    is_small = (high > 0) & (high <= 1)
    return [
        (is_small & (low >= 0), range_hint(0, 1)),
        (is_small & (low < 0) & (low >= -1), range_hint(-1, 1)),
        ((low < -_OVERSHOOT) | (high > 255 + _OVERSHOOT), ""),
        (
            (low < 0)
            & (low >= -_OVERSHOOT)
            & (high <= _FEW_LEVELS)
            & ((high <= 0) | (high > 1) | (low < -1)),
            " It looks standardized; the model does that.",
        ),
    ]


def _oddities(images: np.ndarray) -> list[str]:
    found = []
    flat = images.min(axis=(1, 2, 3)) == images.max(axis=(1, 2, 3))
    count = int(flat.sum())
    if len(images) >= _ENOUGH and 2 * count > len(images):
        found.append(
            f"{count} of the first {len(images)} images are of one color each, "
            "and show no face."
        )
    means = images.mean(axis=(1, 2), dtype=np.float64)
    difference = means[:, 0] - means[:, 2]
    if len(images) >= MIN_IMAGES and (
        difference.mean() + 4 * difference.std() / np.sqrt(len(images)) < -5
    ):
        red, blue = means[:, 0].mean(), means[:, 2].mean()
        found.append(
            f"the mean of red, {red:.0f}, is below that of blue, {blue:.0f}, "
            "which no skin has: the images look BGR; turn them around with "
            "`image[..., ::-1]`."
        )
    return found
