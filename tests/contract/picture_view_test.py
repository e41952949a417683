"""Views of a picture, held against a bilinear loop and known geometry."""

import math

import numpy as np
import pytest

from keras_sphereface.contract import FIVE_POINT_TEMPLATE
from keras_sphereface.contract.picture_view import PictureView

PIXELS = np.random.default_rng(0).integers(0, 256, (40, 50, 3), np.uint8)


def bilinear(image, x, y):
    """One pixel; what is outside is black."""
    left, top = math.floor(x), math.floor(y)
    total = np.zeros(3)
    for row in (top, top + 1):
        for column in (left, left + 1):
            if 0 <= row < image.shape[0] and 0 <= column < image.shape[1]:
                share = (1 - abs(x - column)) * (1 - abs(y - row))
                total += share * image[row, column]
    return total


def test_a_view_of_its_own_size_is_that_part_of_the_picture():
    # Columns 10 to 29, whose middle is 19.5.
    view = PictureView(19.5, 14.5, 20)
    np.testing.assert_array_equal(view.cut(PIXELS, 20), PIXELS[5:25, 10:30])


def test_outside_the_picture_it_is_black():
    found = PictureView(0.5, 1.5, 8).cut(PIXELS, 8)
    np.testing.assert_array_equal(found[2:, 3:], PIXELS[0:6, 0:5])
    assert not found[:2].any()
    assert not found[:, :3].any()
    far = PictureView(500, -900, 20).cut(PIXELS, 16)
    assert far.shape == (16, 16, 3)
    assert not far.any()


@pytest.mark.parametrize("degrees", [0, 20, -75, 180, 213])
@pytest.mark.parametrize("side", [10.0, 17.3, 24.0])
def test_pixels_are_those_of_a_loop(degrees, side):
    view = PictureView(25.2, 19.7, side, degrees)
    found = view.cut(PIXELS, 24).astype(float)
    for row in range(2, 22, 5):
        for column in range(2, 22, 5):
            # The middle of a pixel of the view.
            middle = np.array([column + 0.5, row + 0.5])
            x, y = view.to_picture(middle, 24)
            expected = bilinear(PIXELS, x, y)
            # Pillow rounds shares to a part of 2^16 and pixels to whole ones.
            assert np.abs(found[row, column] - expected).max() <= 1.5


def test_what_is_shrunk_is_averaged():
    board = np.indices((64, 64)).sum(0) % 2 * 255
    board = np.repeat(board[..., None], 3, -1).astype(np.uint8)
    found = PictureView(31.5, 31.5, 64).cut(board, 16)
    assert np.abs(found.astype(int) - 127).max() <= 1


def test_points_go_where_the_pixels_are():
    upright = PictureView(20, 10, 8)
    corners = np.array([[0, 0], [4, 4], [8, 8.0]])
    np.testing.assert_allclose(
        upright.to_picture(corners, 8), [[16, 6], [20, 10], [24, 14]]
    )
    # Turned clockwise by a quarter: its right is the picture's bottom.
    turned = PictureView(20, 10, 8, 90)
    np.testing.assert_allclose(
        turned.to_picture(np.array([[8, 4], [4, 8]]), 8),
        [[20, 14], [16, 10]],
        atol=1e-12,
    )


def test_around_a_face_it_stands_upright():
    c, s = 2 * math.cos(0.6), 2 * math.sin(0.6)
    landmarks = FIVE_POINT_TEMPLATE @ np.array([[c, s], [-s, c]]) + [100, 50]
    view = PictureView.around(landmarks, (56, 56), 112)
    assert view.side == pytest.approx(224, abs=1e-3)
    assert view.degrees == pytest.approx(math.degrees(0.6), abs=1e-3)
    # The view begins where the crop has its zero.
    found = view.to_picture(FIVE_POINT_TEMPLATE, 112)
    np.testing.assert_allclose(found, landmarks, atol=1e-3)


def test_points_on_one_place_have_no_view():
    with pytest.raises(ValueError, match="landmarks"):
        PictureView.around(np.zeros((5, 2)), (56, 56), 112)
