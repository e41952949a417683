"""What an image must look like before a model may see it."""

from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

IMAGE_SIZE = (112, 112)  # height, width
INPUT_DTYPES = ("float32", "uint8")
PIXEL_MEAN = 127.5
PIXEL_SCALE = 127.5  # network value = (pixel - PIXEL_MEAN) / PIXEL_SCALE


@dataclass(frozen=True)
class FaceInput:
    """The images a model accepts: aligned RGB face crops, unscaled pixels.

    Training, evaluation and the device share this description. Scaling to the
    network's range happens inside the model, so `check` returns pixels as they
    came, in `[0, 255]`.

    Args:
        height: int, at least 1. Defaults to `112`.
        width: int, at least 1. Defaults to `112`.
        channels: int, always `3`.
        color_order: str, always `"RGB"`.
        pixel_range: `(low, high)`, always `(0, 255)`.
        dtype: `"float32"` or `"uint8"`, what an artifact's own input holds;
            who calls through this package may pass either. Defaults to
            `"float32"`.

    Example:

    ```python
    batch = FaceInput().check(image)  # [1, 112, 112, 3]
    ```
    """

    height: int = IMAGE_SIZE[0]
    width: int = IMAGE_SIZE[1]
    channels: int = 3
    color_order: str = "RGB"
    pixel_range: tuple[int, int] = (0, 255)
    dtype: str = "float32"

    def __post_init__(self) -> None:
        for name in ("height", "width"):
            value = getattr(self, name)
            if type(value) is not int or value < 1:
                raise ValueError(
                    f"`{name}` must be a positive int. "
                    f"Received: {name}={value!r}"
                )
        if type(self.channels) is not int or self.channels != 3:
            raise ValueError(
                "`channels` must be 3, the models see color. "
                f"Received: channels={self.channels!r}"
            )
        if self.color_order != "RGB":
            raise ValueError(
                '`color_order` must be "RGB"; turn BGR images around with '
                "`image[..., ::-1]`. "
                f"Received: color_order={self.color_order!r}"
            )
        if (
            not isinstance(self.pixel_range, (tuple, list))
            or any(type(bound) is not int for bound in self.pixel_range)
            or tuple(self.pixel_range) != (0, 255)
        ):
            raise ValueError(
                "`pixel_range` must be (0, 255); scaling happens inside the "
                f"model. Received: pixel_range={self.pixel_range!r}"
            )
        if self.dtype not in INPUT_DTYPES:
            raise ValueError(
                f"`dtype` must be one of {list(INPUT_DTYPES)}. "
                f"Received: dtype={self.dtype!r}"
            )
        object.__setattr__(self, "pixel_range", tuple(self.pixel_range))

    @property
    def shape(self) -> tuple[int, int, int]:
        """`(height, width, channels)` of one image."""
        return (self.height, self.width, self.channels)

    def to_dict(self) -> dict[str, Any]:
        """The description as plain JSON types."""
        return {**asdict(self), "pixel_range": list(self.pixel_range)}

    @classmethod
    def from_dict(cls, config: dict[str, Any]) -> "FaceInput":
        """Rebuilds what `to_dict` wrote; a missing or unknown key is an error.

        Args:
            config: dict with exactly the keys of `to_dict`.

        Returns:
            `FaceInput`.
        """
        if not isinstance(config, dict):
            raise ValueError(
                "The face input must be a dict. "
                f"Received: config={config!r} of type {type(config).__name__}"
            )
        expected = {field.name for field in fields(cls)}
        if set(config) != expected:
            raise ValueError(
                "The face input has wrong keys: "
                f"missing {sorted(expected - set(config))}, "
                f"unknown {sorted(set(config) - expected, key=str)}. "
                f"Expected: {sorted(expected)}"
            )
        return cls(**config)

    def check(self, images: npt.ArrayLike) -> np.ndarray:
        """Returns the images as a batch, or says what is wrong with them.

        Args:
            images: uint8 or float, `[height, width, 3]` or
                `[batch_size, height, width, 3]`, pixels in `[0, 255]`.

        Returns:
            `[batch_size, height, width, 3]`; uint8 stays uint8, floats become
            float32. Pixel values are not changed.
        """
        images = _as_array(images)
        if images.dtype != np.uint8 and images.dtype.kind != "f":
            raise ValueError(
                "`images` must be uint8 or float pixels in [0, 255]. "
                f"Received: images.dtype={images.dtype}"
            )
        batch = images[None] if images.ndim == 3 else images
        if batch.ndim != 4 or batch.shape[1:] != self.shape or not len(batch):
            raise ValueError(
                f"`images` must be {list(self.shape)} or "
                f"{['batch_size', *self.shape]}, RGB, height before width, "
                f"channels last.{self._shape_hint(batch)} "
                f"Received: images.shape={images.shape}"
            )
        if batch.dtype == np.uint8:
            return batch
        _check_float_pixels(batch)
        return batch.astype(np.float32, copy=False)

    def _shape_hint(self, batch: np.ndarray) -> str:
        if batch.ndim == 4 and not len(batch):
            return " The batch is empty."
        if batch.ndim == 2 or (batch.ndim == 4 and batch.shape[-1] == 1):
            return " Repeat a gray image three times."
        if batch.ndim == 4 and batch.shape[-1] == 4:
            return " Drop the alpha channel with `images[..., :3]`."
        if batch.ndim == 4 and batch.shape[1] == self.channels:
            return " These look channels first; move axis 1 to the end."
        if batch.ndim == 4 and batch.shape[-1] == self.channels:
            return " Align the face with `align_face` or resize the crop."
        return ""


def _as_array(images: npt.ArrayLike) -> np.ndarray:
    try:
        return np.asarray(images)
    except ValueError as error:
        raise ValueError(
            "`images` must be one array, or images of one size. "
            f"Received: images of type {type(images).__name__} that do not "
            "stack"
        ) from error


def range_hint(low: float, high: float) -> str:
    """What pixels in a wrong range look like, for an error.

    Args:
        low: float, the lowest value.
        high: float, the highest.

    Returns:
        Str, a sentence after a space, or `""`.
    """
    if low >= 0 and high <= 1:
        return " It looks scaled to [0, 1]; multiply by 255."
    if low >= -1 and high <= 1:
        return " It looks scaled to [-1, 1]; the model does that."
    return ""


def _check_float_pixels(batch: np.ndarray) -> None:
    """Raises for the first image whose pixels are not in `[0, 255]`."""
    # NaN and infinity carry over to the extremes, so two passes are enough.
    lows = batch.min(axis=(1, 2, 3))
    highs = batch.max(axis=(1, 2, 3))
    for index, (low, high) in enumerate(zip(lows, highs, strict=True)):
        if not (np.isfinite(low) and np.isfinite(high)):
            raise ValueError(
                "`images` must be finite. Received: NaN or infinity in "
                f"images[{index}]"
            )
        if low < 0 or high > 255 or 0 < high <= 1:
            raise ValueError(
                "`images` must hold pixels in [0, 255]."
                f"{range_hint(low, high)} "
                f"Received: images[{index}] in [{low:g}, {high:g}]"
            )
