"""What a model of others takes: stated, or read where nothing else can be."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from keras_sphereface.contract.arguments import check_choice, check_number

LAYOUTS = ("NHWC", "NCHW")
COLOR_ORDERS = ("RGB", "BGR")
# One for all channels, or three in the color order of the network.
Numbers = float | Sequence[float]


@dataclass(frozen=True)
class StatedInput:
    """What somebody says of the images a model takes; `None`: nothing.

    Args:
        input_layout: `"NHWC"`, channels last, or `"NCHW"`, channels first.
        color_order: `"RGB"` or `"BGR"`.
        pixel_mean: float, or three. The network's value is `(pixel -
            pixel_mean) / pixel_scale` of pixels in `[0, 255]`.
        pixel_scale: float above 0, or three.
    """

    input_layout: str | None = None
    color_order: str | None = None
    pixel_mean: Numbers | None = None
    pixel_scale: Numbers | None = None

    def __post_init__(self) -> None:
        check_choice("input_layout", self.input_layout, (None, *LAYOUTS))
        check_choice("color_order", self.color_order, (None, *COLOR_ORDERS))
        for name, bounds in (
            ("pixel_mean", {}),
            ("pixel_scale", {"above": 0}),
        ):
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, _numbers(name, value, bounds))

    @property
    def given(self) -> dict[str, Any]:
        """What is stated, by name."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        return {name: one for name, one in values.items() if one is not None}


def _numbers(name: str, value: Any, bounds: dict[str, Any]) -> Numbers:
    """A float, or a tuple of three."""
    if isinstance(value, (Sequence, np.ndarray)) and not isinstance(value, str):
        if len(value) not in (1, 3):
            raise ValueError(
                f"`{name}` must be one number, or three, one per channel in "
                f"the network's order. Received: {name}={value!r}"
            )
        numbers = tuple(check_number(name, item, **bounds) for item in value)
        return numbers if len(numbers) == 3 else numbers[0]
    return check_number(name, value, **bounds)
