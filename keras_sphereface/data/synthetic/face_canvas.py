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
        (a, b, c), (d, e, f) = np.linalg.inv(crop)[:2].tolist()
        column, row = _pixel_grid(height, width)
        self.x = a * column + (b * row + c)
        self.y = d * column + (e * row + f)
        self.pixels = np.empty((3, height, width), np.float32)
        self._scratch = np.empty_like(self.pixels)
        self._turn()

    def _turn(self):
        """Finds `u`, `v` and the unit normals of every pixel."""
        # In radii of the ellipsoid, where the depth is sqrt(1 - p^2 - q^2).
        width, tall = self.head_width, HEAD_HEIGHT
        x = self.x * (1 / (self.cos_yaw * width))
        y = self.y * (1 / (self.cos_pitch * tall))
        slide_x = HEAD_DEPTH * self.sin_yaw / (self.cos_yaw * width)
        slide_y = HEAD_DEPTH * self.sin_pitch / (self.cos_pitch * tall)
        # Contracts fast from the depth of the middle of the face.
        depth = 0.9
        for _ in range(2):
            p, q = x - slide_x * depth, y - slide_y * depth
            p *= p
            q *= q
            p += q
            depth = np.sqrt(np.maximum(1 - p, 0))
        x -= slide_x * depth
        y -= slide_y * depth
        self.u, self.v = x * width, y * tall
        self.normal_x, self.normal_y = x.clip(-1, 1), y.clip(-1, 1)

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
        color = np.asarray(color)
        if color.ndim == 1:
            color = color.reshape(3, 1, 1)
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
    row = np.arange(height, dtype=np.float32)[:, None]
    column = np.arange(width, dtype=np.float32)[None, :]
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
