"""From RGB pixels to the tensor that a model of others takes."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from keras_sphereface.contract import PIXEL_MEAN, PIXEL_SCALE
from keras_sphereface.export.stated_input import Numbers, StatedInput

# Values of pixels 0 and 255 by which a quantized input tells its scaling.
_RANGES = (
    (0.0, 255.0, 0.0, 1.0),
    (-1.0, 1.0, PIXEL_MEAN, PIXEL_SCALE),
    (0.0, 1.0, 0.0, 255.0),
)
# (x - 127.5) / 128 and / 127.5 differ by less than one of 255 steps.
_RANGE_ERROR = 0.02


class Graph(Protocol):
    """The model in a file of others; see `resolve_input`."""

    @property
    def name(self) -> str: ...

    @property
    def input_shape(self) -> Sequence[int | None]: ...

    @property
    def input_dtype(self) -> np.dtype: ...

    @property
    def quantization(self) -> tuple[float, int] | None: ...

    @property
    def takes_pixels(self) -> bool: ...

    @property
    def notes(self) -> tuple[str, ...]: ...

    def run(self, batch: np.ndarray) -> np.ndarray: ...


@dataclass(frozen=True)
class InputForm:
    """What a model of others takes.

    Args:
        layout: `"NHWC"` or `"NCHW"`.
        color_order: `"RGB"` or `"BGR"`.
        pixel_mean: float, or three.
        pixel_scale: float, or three.
        size: `(height, width)`, or `None` where the file leaves it free.
        dtype: NumPy dtype.
        quantization: `(scale, zero_point)` of an integer input, or `None`.
        origin: dict of str to str, where each part is from.
    """

    layout: str
    color_order: str
    pixel_mean: Numbers
    pixel_scale: Numbers
    size: tuple[int, int] | None
    dtype: np.dtype
    quantization: tuple[float, int] | None
    origin: dict[str, str] = field(default_factory=dict)

    def prepare(self, images: np.ndarray) -> np.ndarray:
        """Pixels as the model takes them.

        Args:
            images: `[batch_size, height, width, 3]`, RGB in `[0, 255]`.

        Returns:
            Array of `dtype` in `layout`.
        """
        values = np.asarray(images, np.float32)
        if self.color_order == "BGR":
            values = values[..., ::-1]
        values = values - np.asarray(self.pixel_mean, np.float32)
        values /= np.asarray(self.pixel_scale, np.float32)
        if self.quantization is not None:
            scale, zero_point = self.quantization
            values = values / np.float32(scale) + zero_point
        if self.dtype.kind in "iu":
            limits = np.iinfo(self.dtype)
            values = np.clip(np.rint(values), limits.min, limits.max)
        if self.layout == "NCHW":
            values = values.transpose(0, 3, 1, 2)
        return np.ascontiguousarray(values, self.dtype)

    def sentence(self, name: str) -> str:
        """What the model takes and who says so, for a report."""
        size = (
            "any size" if self.size is None else "x".join(map(str, self.size))
        )
        return (
            f"{name} takes {size}, {self.layout} ({self.origin['layout']}), "
            f"{self.color_order} ({self.origin['color_order']}), (pixel - "
            f"{_text(self.pixel_mean)}) / {_text(self.pixel_scale)} "
            f"({self.origin['scaling']})."
        )


def resolve_input(graph: Graph, stated: StatedInput) -> InputForm:
    """What a graph takes, by its file and by what is stated.

    Guessed is only what one reading fits: the layout where one axis has three
    channels; the scaling where pixels are uint8, or where the range of a
    quantized input is that of a usual scaling.

    Args:
        graph: `Graph`. Where it `takes_pixels` what is not stated are unscaled
            RGB pixels.
        stated: `StatedInput`.

    Returns:
        `InputForm`.

    Raises:
        ValueError: something must be stated, or contradicts the file.
    """
    shape = list(graph.input_shape)
    layout, by = _layout(graph, shape, stated.input_layout)
    origin = {"layout": by}
    scaling = _scaling(graph, stated)
    color_order = stated.color_order
    origin["color_order"] = "stated" if color_order else "as ours"
    if color_order is None and graph.takes_pixels:
        color_order = "RGB"
    if scaling is None or color_order is None:
        raise ValueError(
            "`path` is a model of others, whose file does not say what pixels "
            "it takes. State `pixel_mean` and `pixel_scale`, the network's "
            "value being (pixel - pixel_mean) / pixel_scale, 127.5 and 127.5 "
            'for most, and `color_order`, "RGB" or "BGR". '
            f"Received: {_described(graph)}, stated {stated.given}"
        )
    pixel_mean, pixel_scale, origin["scaling"] = scaling
    height, width = shape[1:3] if layout == "NHWC" else shape[2:4]
    is_fixed = height is not None and width is not None
    return InputForm(
        layout=layout,
        color_order=color_order,
        pixel_mean=pixel_mean,
        pixel_scale=pixel_scale,
        size=(height, width) if is_fixed else None,  # type: ignore[arg-type]
        dtype=graph.input_dtype,
        quantization=graph.quantization,
        origin=origin,
    )


def _layout(
    graph: Graph, shape: list[int | None], stated: str | None
) -> tuple[str, str]:
    axes = {"NHWC": 3, "NCHW": 1}
    if len(shape) != 4 or graph.input_dtype.kind not in "fiu":
        raise ValueError(
            "`path` must take one batch of images, of four axes. "
            f"Received: {_described(graph)}"
        )
    fitting = [name for name, axis in axes.items() if shape[axis] == 3]
    if stated is None:
        if len(fitting) != 1:
            raise ValueError(
                "`path` does not tell where its channels are; state "
                '`input_layout`, "NHWC" or "NCHW". '
                f"Received: {_described(graph)}"
            )
        return fitting[0], "by its shape"
    if shape[axes[stated]] not in (3, None):
        raise ValueError(
            f"`input_layout` must put three channels on axis {axes[stated]}. "
            f"Received: input_layout={stated!r} for {_described(graph)}"
        )
    return stated, "stated"


def _scaling(
    graph: Graph, stated: StatedInput
) -> tuple[Numbers, Numbers, str] | None:
    """Mean, scale and who says so; `None` where nobody does."""
    mean, scale = stated.pixel_mean, stated.pixel_scale
    is_raw = graph.input_dtype.kind in "iu" and graph.quantization is None
    if is_raw:
        if graph.input_dtype != np.uint8 or not (
            mean in (None, 0.0) and scale in (None, 1.0)
        ):
            raise ValueError(
                "An input of whole numbers without quantization takes uint8 "
                "pixels as they are: `pixel_mean` 0, `pixel_scale` 1. "
                f"Received: {_described(graph)}, stated {stated.given}"
            )
        return 0.0, 1.0, "by its type"
    if mean is not None and scale is not None:
        return mean, scale, "stated"
    if (mean is None) != (scale is None):
        raise ValueError(
            "`pixel_mean` and `pixel_scale` must be stated together. "
            f"Received: stated {stated.given}"
        )
    if graph.takes_pixels:
        return 0.0, 1.0, "as ours"
    return _scaling_of_range(graph)


def _scaling_of_range(graph: Graph) -> tuple[Numbers, Numbers, str] | None:
    if graph.quantization is None:
        return None
    step, zero_point = graph.quantization
    limits = np.iinfo(graph.input_dtype)
    low = step * (limits.min - zero_point)
    high = step * (limits.max - zero_point)
    for first, last, mean, scale in _RANGES:
        error = max(abs(low - first), abs(high - last))
        if error <= _RANGE_ERROR * (last - first):
            return mean, scale, f"by its range, {low:.3g} to {high:.3g}"
    return None


def _described(graph: Graph) -> str:
    shape = ["?" if size is None else size for size in graph.input_shape]
    return f"input {graph.input_dtype} {shape} in {graph.name!r}"


def _text(numbers: Numbers) -> str:
    if isinstance(numbers, Sequence):
        return f"[{', '.join(f'{number:g}' for number in numbers)}]"
    return f"{numbers:g}"
