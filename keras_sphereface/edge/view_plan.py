"""Where in a picture to look, from all of it to its smallest faces."""

from typing import NamedTuple

import numpy as np

from keras_sphereface.contract.picture_view import PictureView
from keras_sphereface.edge.box_suppression import Boxes

# The most views of one picture: a strip of any length ends in time.
MAX_VIEWS = 1024
# How far, in shares of a view, a box may pass the view's border before the
# face counts as cut.
_MARGIN = 0.02


class Level(NamedTuple):
    """Views of one size that together cover a picture.

    Attributes:
        side: float, of each view, in pixels of the picture.
        views: list of `PictureView`.
    """

    side: float
    views: list[PictureView]


def plan_levels(
    image_size: tuple[int, int], smallest: float, min_face: float
) -> list[Level]:
    """Views of the whole picture, of halves, of quarters and so on.

    Neighbors share half of their width, so that a face of up to that width is
    whole in one of them; larger ones are whole in the level before.

    Args:
        image_size: `(height, width)` of the picture.
        smallest: float, `FaceNetwork.smallest`.
        min_face: float in `(0, 1]`, the smallest face to find, as a share of
            the picture's longer side.

    Returns:
        List of `Level`, the first of one view.
    """
    height, width = image_size
    longest = max(height, width)
    levels = [Level(longest, [whole_view(image_size)])]
    side, total = float(longest), 1
    # A level finds faces from `smallest * side` on.
    while smallest * side > min_face * longest * (1 + 1e-9):
        side = max(side / 2, min_face * longest / smallest)
        xs, ys = _middles(width, side), _middles(height, side)
        total += len(xs) * len(ys)
        if total > MAX_VIEWS:
            break
        levels.append(
            Level(side, [PictureView(x, y, side) for y in ys for x in xs])
        )
    return levels


def whole_view(
    image_size: tuple[int, int], degrees: float = 0.0
) -> PictureView:
    """The square around a picture.

    Args:
        image_size: `(height, width)` of the picture.
        degrees: float, how far it is turned. Defaults to `0`.

    Returns:
        `PictureView`.
    """
    height, width = image_size
    return PictureView(
        (width - 1) / 2, (height - 1) / 2, max(height, width), degrees
    )


def leave_out_cut(
    boxes: Boxes, view: PictureView, size: int, image_size: tuple[int, int]
) -> Boxes:
    """The boxes of faces that an upright view does not cut through.

    Where the picture ends, faces end with it; elsewhere, another view has the
    whole of them.

    Args:
        boxes: `Boxes` in pixels of the view.
        view: `PictureView`, not turned.
        size: int, of the view.
        image_size: `(height, width)` of the picture.

    Returns:
        `Boxes`.
    """
    margin = _MARGIN * size
    # A picture reaches half a pixel past the centers of its outermost ones.
    half = view.side / 2 + 0.5
    height, width = image_size
    corners = boxes.corners
    whole = np.ones(len(corners), bool)
    if view.x - half > -0.999:
        whole &= corners[:, 0] >= -margin
    if view.y - half > -0.999:
        whole &= corners[:, 1] >= -margin
    if view.x + half < width - 0.001:
        whole &= corners[:, 2] <= size + margin
    if view.y + half < height - 0.001:
        whole &= corners[:, 3] <= size + margin
    return boxes.take(whole)


def _middles(length: int, side: float) -> list[float]:
    """Middles of views along one side of the picture, half a view apart."""
    if length <= side:
        return [(length - 1) / 2]
    count = int(np.ceil((length - side) / (side / 2))) + 1
    first, last = side / 2, length - side / 2
    return [float(x) - 0.5 for x in np.linspace(first, last, count)]
