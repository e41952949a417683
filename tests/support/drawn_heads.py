"""Pictures of dots where a face has its points, and a detector of dots.

As a network does, it sees upright faces only, of a size that suits its input.
"""

import numpy as np

from keras_sphereface.contract import FIVE_POINT_TEMPLATE
from keras_sphereface.edge.box_suppression import Boxes

# By channel: the eyes, and what is below them.
_LEFT, _RIGHT, _BELOW = 0, 1, 2
_CHANNELS = (_LEFT, _RIGHT, _BELOW, _BELOW, _BELOW)


def draw_heads(size, heads):
    """A black picture with heads.

    Args:
        size: `(height, width)`.
        heads: list of `[5, 2]`, where their points are.
    """
    image = np.zeros((*size, 3), np.uint8)
    y, x = np.mgrid[: size[0], : size[1]]
    for head in heads:
        reach = 0.12 * np.hypot(*(head[1] - head[0]))
        for channel, (a, b) in zip(_CHANNELS, head, strict=True):
            dot = 255 * (np.hypot(x - a, y - b) <= reach)
            image[..., channel] = np.maximum(image[..., channel], dot)
    return image


def head(x, y, side, degrees=0.0):
    """Five points of a face around `(x, y)`; `side` is that of its box."""
    radians = np.radians(degrees)
    c, s = np.cos(radians), np.sin(radians)
    points = (FIVE_POINT_TEMPLATE - FIVE_POINT_TEMPLATE.mean(0)) * side / 80
    return points @ np.array([[c, s], [-s, c]]) + np.array([x, y])


class DotNetwork:
    """A `FaceNetwork` that finds one drawn head, the left one of several.

    Attributes:
        looks: int, how many squares it has seen.
    """

    size = 128
    smallest = 0.2

    def __init__(self):
        self.looks = 0

    def find(self, pixels, min_score):
        """A box around the five points, if they stand upright."""
        self.looks += 1
        none = Boxes(np.zeros((0, 4)), np.zeros((0, 5, 2)), np.zeros(0))
        left = _middle_of(pixels[..., _LEFT])
        if left is None:
            return none
        # Of several heads the dots lie around a middle between them.
        right = _middle_of(pixels[..., _RIGHT])
        below = _middle_of(pixels[..., _BELOW])
        if right is None or below is None:
            return none
        eyes = right - left
        distance = float(np.hypot(*eyes))
        upright = eyes[0] > 0.8 * distance and below[1] > left[1]
        side = distance * 80 / 35.2
        if not upright or side < self.smallest * self.size:
            return none
        turn = np.array([eyes, [-eyes[1], eyes[0]]]) / 35.24
        template = FIVE_POINT_TEMPLATE - FIVE_POINT_TEMPLATE[:2].mean(0)
        points = template @ turn + (left + right) / 2
        middle = points.mean(0)
        corners = np.concatenate([middle - side / 2, middle + side / 2])
        return Boxes(corners[None], points[None], np.array([0.9]))


def _middle_of(channel):
    rows, columns = np.nonzero(channel > 100)
    if len(rows) < 3:
        return None
    return np.array([columns.mean() + 0.5, rows.mean() + 0.5])
