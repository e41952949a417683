"""What pixels a network was trained on, and the kernel that takes ours."""

from typing import Any, NamedTuple

import numpy as np

from keras_sphereface.contract.arguments import check_choice, check_number
from keras_sphereface.contract.face_input import PIXEL_MEAN, PIXEL_SCALE


class Pixels(NamedTuple):
    """Values that a network was trained on: `(pixel - mean) / scale`.

    Attributes:
        color_order: `"RGB"` or `"BGR"`.
        mean: float, or tuple of three in the order of `color_order`.
        scale: as `mean`.
    """

    color_order: str
    mean: Any
    scale: Any

    @classmethod
    def of(cls, family, color_order, mean, scale):
        """What was said, and of the rest what the family does.

        Args:
            family: `Family`.
            color_order: str or `None`.
            mean: float, three of them, or `None`.
            scale: as `mean`.

        Returns:
            `Pixels`.
        """
        return cls(
            color_order or family.color_order,
            family.pixel_mean if mean is None else _as_numbers(mean),
            family.pixel_scale if scale is None else _as_numbers(scale),
        )

    def kernel_of_ours(self, kernel, axis):
        """The first kernel, for RGB pixels as ours are: divided by 127.5.

        The mean stays: behind a convolution that pads with zeros it could be
        added to no bias.

        Args:
            kernel: array.
            axis: int, the colors.

        Returns:
            Array.
        """
        shape = [1] * kernel.ndim
        shape[axis] = -1
        factors = np.float32(PIXEL_SCALE / np.array(self.scale, "float64"))
        kernel = kernel * factors.reshape(shape)
        return np.flip(kernel, axis) if self.color_order == "BGR" else kernel

    def offsets(self):
        """What ours are shifted by, `-mean / 127.5`.

        Returns:
            Float, or list of three in the order RGB.
        """
        if not isinstance(self.mean, tuple):
            return -self.mean / PIXEL_SCALE
        means = self.mean[::-1] if self.color_order == "BGR" else self.mean
        return [-mean / PIXEL_SCALE for mean in means]

    @property
    def is_centered(self):
        """Whether the mean is the gray that ours have."""
        return set(np.ravel(self.mean)) == {PIXEL_MEAN}


def check_pixels(color_order, mean, scale):
    """Raises for what does not describe pixels.

    Args:
        color_order: `"RGB"`, `"BGR"` or `None`.
        mean: float, three of them, or `None`.
        scale: as `mean`, above 0.
    """
    check_choice("color_order", color_order, (None, "RGB", "BGR"))
    for name, value, limits in (
        ("pixel_mean", mean, {"at_least": 0, "at_most": 255}),
        ("pixel_scale", scale, {"above": 0}),
    ):
        if value is None:
            continue
        several = isinstance(value, (tuple, list, np.ndarray))
        if several and np.shape(value) != (3,):
            raise ValueError(
                f"`{name}` must be one number, or one per color. "
                f"Received: {name}={value!r}"
            )
        for number in value if several else [value]:
            check_number(name, number, **limits)


def _as_numbers(value):
    if isinstance(value, (tuple, list, np.ndarray)):
        return tuple(float(number) for number in value)
    return float(value)
