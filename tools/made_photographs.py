"""Photographs in which it is known where the faces are.

Aligned crops, turned, scaled and shifted onto larger canvases, alone or with
a passer-by at the edge of the picture.
"""

import math
from typing import NamedTuple

import numpy as np
from PIL import Image

CROP = 112


class Placed(NamedTuple):
    """A crop in a photograph.

    Attributes:
        path: of the crop.
        turn: float, `[2, 2]`; a point of the crop is `turn @ point + shift` in
            the photograph.
        shift: float, `[2]`.
    """

    path: str
    turn: np.ndarray
    shift: np.ndarray

    def to_photograph(self, points):
        """Points of the crop in the photograph."""
        return np.asarray(points) @ self.turn.T + self.shift

    def to_crop(self, points):
        """Points of the photograph in the crop."""
        return np.linalg.solve(self.turn, (np.asarray(points) - self.shift).T).T


class Photograph(NamedTuple):
    """A picture and who is in it.

    Attributes:
        image: uint8, `[height, width, 3]`.
        faces: list of `Placed`; the first is the one it is of.
    """

    image: np.ndarray
    faces: list


def make_photograph(rng, paths, size=(480, 640), degrees=30.0, scales=(1, 2.6)):
    """A photograph of the first crop, with the others as passers-by.

    Args:
        rng: `np.random.Generator`.
        paths: list of one or two paths of crops of 112x112.
        size: `(height, width)`. Defaults to `(480, 640)`.
        degrees: float, the most that a face is turned, either way.
        scales: pair, the least and the most that a crop is enlarged, in a
            photograph of 640 columns; in proportion in others.

    Returns:
        `Photograph`.
    """
    height, width = size
    image = Image.fromarray(_background(rng, height, width))
    unit = max(size) / 640
    scale = unit * math.exp(rng.uniform(*np.log(scales)))
    # A crop of this side, turned by 45 degrees, is within the canvas.
    scale = min(scale, 0.7 * min(size) / CROP)
    faces = []
    if len(paths) == 1:
        reach = 0.72 * scale * CROP
        low = np.minimum(reach, np.array([width, height]) / 2)
        middle = rng.uniform(low, np.array([width, height]) - low)
        faces.append(_paste(image, rng, paths[0], scale, middle, degrees))
        return Photograph(np.asarray(image), faces)
    # Whom it is of, near the middle; a passer-by of about the same size, or
    # even a larger one, at the edge, perhaps cut by it.
    scale = min(scale, unit * 2)
    middle = np.array([width, height]) * rng.uniform(0.4, 0.6, 2)
    other = scale * rng.uniform(0.5, 1.3)
    side = rng.choice([-1, 1])
    away = (scale + other) / 2 * CROP * 1.3
    edge = width - 1 if side > 0 else 0
    x = middle[0] + side * max(
        away, abs(edge - middle[0]) - other * CROP * rng.uniform(0.4, 0.6)
    )
    passer_by = np.array([x, height * rng.uniform(0.25, 0.75)])
    second = _paste(image, rng, paths[1], other, passer_by, degrees)
    faces = [_paste(image, rng, paths[0], scale, middle, degrees), second]
    return Photograph(np.asarray(image), faces)


def _paste(image, rng, path, scale, middle, degrees):
    radians = math.radians(rng.uniform(-degrees, degrees))
    c, s = scale * math.cos(radians), scale * math.sin(radians)
    turn = np.array([[c, -s], [s, c]])
    shift = np.asarray(middle) - turn @ np.full(2, (CROP - 1) / 2)
    back = np.linalg.inv(turn)
    # Pillow counts from the corners of pixels.
    offset = 0.5 - back @ (shift + 0.5)
    data = (*back[0], offset[0], *back[1], offset[1])
    with Image.open(path) as file:
        crop = file.convert("RGB")
    affine = Image.Transform.AFFINE
    pixels = crop.transform(image.size, affine, data, Image.Resampling.BICUBIC)
    mask = Image.new("L", crop.size, 255).transform(image.size, affine, data)
    image.paste(pixels, mask=mask)
    return Placed(path, turn, shift)


def _background(rng, height, width):
    """Soft colors, with grain like that of a sensor."""
    rows, columns = rng.integers(2, 9, 2)
    colors = rng.integers(30, 226, (rows, columns, 3), np.uint8)
    smooth = np.asarray(
        Image.fromarray(colors).resize(
            (width, height), Image.Resampling.BICUBIC
        ),
        np.float32,
    )
    grain = rng.standard_normal((height, width, 1), np.float32) * 4
    return np.clip(smooth + grain, 0, 255).astype(np.uint8)
