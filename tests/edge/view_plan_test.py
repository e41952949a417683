"""Where a picture is looked at."""

import numpy as np
import pytest

from keras_sphereface.edge.box_suppression import Boxes
from keras_sphereface.edge.view_plan import (
    MAX_VIEWS,
    leave_out_cut,
    plan_levels,
    whole_view,
)


def is_inside(view, box):
    """Whether a square view holds a box, `(x, y, side)` around its middle."""
    x, y, side = box
    reach = (view.side - side) / 2
    return abs(view.x - x) <= reach and abs(view.y - y) <= reach


@pytest.mark.parametrize(
    "size", [(480, 640), (3000, 4000), (700, 90), (64, 64)]
)
@pytest.mark.parametrize("smallest", [0.1, 0.16])
def test_every_face_is_whole_in_a_view_that_can_see_it(size, smallest):
    min_face = 0.04
    levels = plan_levels(size, smallest, min_face)
    generator = np.random.default_rng(0)
    longest = max(size)
    for _ in range(300):
        side = longest * np.exp(generator.uniform(np.log(min_face), 0))
        side = min(side, *size)
        if side < min_face * longest:
            continue
        x, y = (
            generator.uniform(side / 2, np.array(size[::-1]) - side / 2) - 0.5
        )
        assert any(
            side >= smallest * level.side * (1 - 1e-9)
            and is_inside(view, (x, y, side * (1 - 1e-9)))
            for level in levels
            for view in level.views
        )


def test_the_first_level_is_the_whole_picture():
    [first, *others] = plan_levels((480, 640), 0.16, 0.05)
    assert first.views == [whole_view((480, 640))]
    assert (first.views[0].x, first.views[0].y) == (319.5, 239.5)
    # 320, then 200: a sixth of that is a twentieth of the picture.
    assert [level.side for level in others] == pytest.approx([320, 200])
    assert [len(level.views) for level in others] == [6, 24]
    assert len(plan_levels((480, 640), 0.16, 0.16)) == 1


def test_a_strip_and_a_tiny_face_end_in_time():
    for size, min_face in (((10, 100_000), 0.0001), ((4000, 4000), 1e-6)):
        levels = plan_levels(size, 0.16, min_face)
        assert sum(len(level.views) for level in levels) <= MAX_VIEWS


def test_faces_cut_by_a_view_are_left_to_its_neighbors():
    # The upper left of four views of a picture of 200 by 200.
    [_, level, *_] = plan_levels((200, 200), 0.16, 0.05)
    view = level.views[0]
    corners = np.array(
        [
            [40, 40, 60, 60],
            [-20, 40, 30, 60],  # cut by the picture itself
            [40, -20, 60, 30],
            [90, 40, 120, 60],  # cut by the view
            [40, 90, 60, 120],
        ],
        float,
    )
    boxes = Boxes(corners, np.zeros((5, 5, 2)), np.arange(5.0))
    kept = leave_out_cut(boxes, view, 100, (200, 200))
    assert kept.scores.tolist() == [0, 1, 2]
    [*_, last] = level.views  # the lower right one
    kept = leave_out_cut(boxes, last, 100, (200, 200))
    assert kept.scores.tolist() == [0, 3, 4]
