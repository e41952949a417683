"""Soft painting on a picture whose coordinates follow a turned face."""

import math
from functools import lru_cache

import numpy as np

from keras_sphereface.contract.alignment import (
    similarity_transform,
    template_for,
)

HEAD_HEIGHT = 58.0  # half of the ellipsoid that stands for the head
HEAD_DEPTH = 32.0


class FaceCanvas:
    """Picture of a face with the coordinates to paint it in.

    The head is an ellipsoid turned by yaw and pitch. Its five landmarks are
    projected, and the similarity that best takes them to the 112x112
    template gives the crop, as for a photograph. `u` and `v` tell for every
    pixel which place of the unturned head it shows; `x` and `y` are the same
    lengths in front of the turned head, for what is not on its surface.

    Args:
        height: int, of the picture in pixels.
        width: int, of the picture in pixels.
        head_width: float, half the width of the head.
        landmarks: `[5][3]` floats, `(u, v, relief)` of both eyes, the nose
            tip and both mouth corners; relief is the height above the
            ellipsoid.
        yaw, pitch: floats in radians; positive turns to the right and down.
        roll, zoom, shift: errors of the crop: radians, factor, `(x, y)` in
            pixels of a 112x112 crop.
    """

    def __init__(
        self,
        height,
        width,
        head_width,
        landmarks,
        yaw=0.0,
        pitch=0.0,
        roll=0.0,
        zoom=1.0,
        shift=(0.0, 0.0),
    ):
        self.head_width = head_width
        self.sin_yaw, self.cos_yaw = math.sin(yaw), math.cos(yaw)
        self.sin_pitch, self.cos_pitch = math.sin(pitch), math.cos(pitch)
        points = np.array([self.project(*point) for point in landmarks])
        template = template_for(height, width)
        crop = np.vstack([similarity_transform(points, template), [0, 0, 1]])
        shift = (shift[0] * height / 112, shift[1] * height / 112)
        crop = _crop_error(template, roll, zoom, shift) @ crop
        self._to_pixel = crop[:2].tolist()
        column, row = _pixel_grid(height, width)
        (a, b, c), (d, e, f) = np.linalg.inv(crop)[:2].tolist()
        self.x = a * column + b * row + c
        self.y = d * column + e * row + f
        self.pixels = np.empty((3, height, width), np.float32)
        self._scratch = np.empty_like(self.pixels)
        self._turn()

    def _turn(self):
        """Finds `u`, `v` and the unit normals of every pixel."""
        x, y = self.x / self.cos_yaw, self.y / self.cos_pitch
        tan_yaw = self.sin_yaw / self.cos_yaw
        tan_pitch = self.sin_pitch / self.cos_pitch
        # Contracts fast from the depth of the middle of the face.
        z = 0.9 * HEAD_DEPTH
        for _ in range(2):
            z = self._depth(x - tan_yaw * z, y - tan_pitch * z)
        self.u, self.v = x - tan_yaw * z, y - tan_pitch * z
        self.normal_x = (self.u / self.head_width).clip(-1, 1)
        self.normal_y = (self.v / HEAD_HEIGHT).clip(-1, 1)

    def _depth(self, u, v):
        u = u * (HEAD_DEPTH / self.head_width)
        v = v * (HEAD_DEPTH / HEAD_HEIGHT)
        return np.sqrt(np.maximum(HEAD_DEPTH**2 - u * u - v * v, 0))

    def project(self, u, v, relief=0.0):
        """Place `(x, y)` in front of the turned head of a surface point."""
        squares = (u / self.head_width) ** 2 + (v / HEAD_HEIGHT) ** 2
        z = relief + HEAD_DEPTH * math.sqrt(max(1 - squares, 0.0))
        return (
            u * self.cos_yaw + z * self.sin_yaw,
            v * self.cos_pitch + z * self.sin_pitch,
        )

    def around(self, u, v, half_width, half_height, relief=0.0):
        """Rows and columns of the box around a surface point."""
        x, y = self.project(u, v, relief)
        return self.around_xy(x, y, half_width, half_height)

    def around_xy(self, x, y, half_width, half_height):
        """Rows and columns of the box around a point before the head."""
        (a, b, c), (d, e, f) = self._to_pixel
        column, row = a * x + b * y + c, d * x + e * y + f
        stretch = 1.05 * a
        half_width = half_width * stretch + 2
        half_height = half_height * stretch + 2
        return (
            _slice(row, half_height, self.pixels.shape[1]),
            _slice(column, half_width, self.pixels.shape[2]),
        )

    def paint(self, color, alpha, box=(slice(None), slice(None))):
        """Mixes a color into the pixels of a box.

        Args:
            color: `[3]`, 0 to 1, or `[3, h, w]` of the box.
            alpha: `[h, w]` of the box, 0 (keep) to 1 (color only).
            box: row and column slices. Defaults to the whole picture.
        """
        if np.ndim(color) == 1:
            color = np.reshape(color, (3, 1, 1))
        part = self.pixels[:, box[0], box[1]]
        # Scratch memory: a fresh array of this size costs page faults.
        step = self._scratch[:, : part.shape[1], : part.shape[2]]
        np.subtract(color, part, out=step)
        step *= alpha
        part += step

    def shade(self, factor, box=(slice(None), slice(None))):
        """Multiplies the pixels of a box by `[h, w]` factors."""
        part = self.pixels[:, box[0], box[1]]
        part *= factor


def edge(distance):
    """Alpha of a shape from the distance inside its outline, in pixels."""
    return (distance + 0.5).clip(0, 1)


def bump(squares):
    """Smooth hill: 1 where `squares` is 0, falling to 0 at 1 and beyond."""
    rest = np.maximum(1 - squares, 0)
    return rest * rest


def ellipse(x, y, half_width, half_height):
    """Alpha of an ellipse around the origin with a one-pixel soft edge."""
    x, y = x / half_width, y / half_height
    radius = np.sqrt(x * x + y * y)
    return edge((1 - radius) * min(half_width, half_height))


@lru_cache(maxsize=8)
def _pixel_grid(height, width):
    row, column = np.indices((height, width), dtype=np.float32)
    row.flags.writeable = column.flags.writeable = False
    return column, row


def _crop_error(template, roll, zoom, shift):
    center = template.mean(axis=0).astype(float)
    turn = zoom * np.array(
        [
            [math.cos(roll), -math.sin(roll)],
            [math.sin(roll), math.cos(roll)],
        ]
    )
    error = np.eye(3)
    error[:2, :2] = turn
    error[:2, 2] = center - turn @ center + shift
    return error


def _slice(middle, half, size):
    start = min(max(int(middle - half), 0), size)
    return slice(start, max(start, min(int(middle + half) + 1, size)))
