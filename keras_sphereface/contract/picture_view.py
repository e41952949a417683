"""A square part of a picture, upright or turned, at any scale."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from keras_sphereface.contract.alignment import (
    FIVE_POINT_TEMPLATE,
    similarity_transform,
)


@dataclass(frozen=True)
class PictureView:
    """Where a network looks in a picture.

    Coordinates are those of `align_face`: centers of pixels at whole numbers.

    Args:
        x: float, the middle in the picture.
        y: float.
        side: float, above 0, of the square, in pixels of the picture.
        degrees: float, how far the view is turned clockwise as seen in the
            picture: a face that leans by this much stands upright in the view.
            Defaults to `0`.
    """

    x: float
    y: float
    side: float
    degrees: float = 0.0

    @classmethod
    def around(
        cls,
        landmarks: npt.ArrayLike,
        middle: tuple[float, float],
        side: float,
    ) -> "PictureView":
        """The view in which a face stands upright at a place of its own.

        Args:
            landmarks: `[5, 2]`, the five points in the picture.
            middle: x and y of the middle, in a crop of 112x112 in which the
                points are those of the template.
            side: float, above 0, in pixels of that crop.

        Returns:
            `PictureView`.
        """
        matrix = similarity_transform(FIVE_POINT_TEMPLATE, landmarks)
        turn = matrix[:, :2]
        x, y = turn @ np.array(middle) + matrix[:, 2]
        scale = math.hypot(turn[0, 0], turn[1, 0])
        if scale < 1e-6:
            raise ValueError(
                "`landmarks` must resemble a face. "
                f"Received: landmarks={np.asarray(landmarks).tolist()}"
            )
        degrees = math.degrees(math.atan2(turn[1, 0], turn[0, 0]))
        return cls(float(x), float(y), side * scale, degrees)

    def cut(self, image: np.ndarray, size: int) -> np.ndarray:
        """The pixels of the view.

        What is shrunk is averaged over whole pixels first, so that no detail
        is skipped, and then read by bilinear interpolation; black is outside.

        Args:
            image: uint8, `[height, width, 3]`.
            size: int, at least 1, rows and columns to give.

        Returns:
            uint8 array, `[size, size, 3]`.
        """
        from PIL import Image

        reach = self.side / 2 * self._reach() + 1
        left, right = _span(self.x, reach, image.shape[1])
        top, bottom = _span(self.y, reach, image.shape[0])
        if left >= right or top >= bottom:
            return np.zeros((size, size, 3), np.uint8)
        part = Image.fromarray(image[top:bottom, left:right])
        factor = max(1, round(self.side / size))
        if factor > 1:
            part = part.reduce(factor)
        # Pillow counts from the corners of pixels.
        matrix = self._matrix(size) / factor
        matrix[:, 2] += (0.5 - np.array([left, top])) / factor
        turned = part.transform(
            (size, size),
            Image.Transform.AFFINE,
            tuple(matrix.ravel()),
            Image.Resampling.BILINEAR,
        )
        return np.asarray(turned)

    def to_picture(self, points: np.ndarray, size: int) -> np.ndarray:
        """Points of the view as points of the picture.

        Args:
            points: float, `[..., 2]`, x and y from the upper left corner of
                the view, which is `size` wide.
            size: int, as in `cut`.

        Returns:
            Float array, `[..., 2]`.
        """
        matrix = self._matrix(size)
        return points @ matrix[:, :2].T + matrix[:, 2]

    def _reach(self) -> float:
        radians = math.radians(self.degrees)
        return abs(math.cos(radians)) + abs(math.sin(radians))

    def _matrix(self, size: int) -> np.ndarray:
        """From corners of pixels in the view to centers in the picture."""
        scale = self.side / size
        radians = math.radians(self.degrees)
        c, s = scale * math.cos(radians), scale * math.sin(radians)
        half = size / 2
        return np.array(
            [
                [c, -s, self.x - (c - s) * half],
                [s, c, self.y - (s + c) * half],
            ]
        )


def _span(middle: float, reach: float, length: int) -> tuple[int, int]:
    low, high = math.floor(middle - reach), math.ceil(middle + reach) + 1
    return max(0, low), min(length, high)
