import numpy as np
import pytest

from keras_sphereface.contract import (
    FIVE_POINT_TEMPLATE,
    align_face,
    fit_crops,
    template_for,
)


def numbered(height, width):
    """Pixels that say where they were: row, column and 7."""
    rows, columns = np.mgrid[:height, :width]
    pixels = np.stack([rows, columns, np.full_like(rows, 7)], axis=-1)
    return pixels.astype("uint8")[None]


def test_112x96_is_the_columns_8_to_103():
    found = fit_crops(numbered(112, 112), (112, 96))
    assert found.shape == (1, 112, 96, 3)
    assert found.dtype == np.uint8
    assert found[0, 5, :, 1].tolist() == list(range(8, 104))
    assert found[0, :, 5, 0].tolist() == list(range(112))


def test_cutting_is_the_same_as_aligning_to_the_size():
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 256, (150, 150, 3), dtype=np.uint8)
    points = FIVE_POINT_TEMPLATE * 1.25 + [3, 5]
    wide = align_face(picture, points, (112, 112))
    narrow = align_face(picture, points, (112, 96))
    np.testing.assert_array_equal(fit_crops(wide[None], (112, 96))[0], narrow)
    np.testing.assert_allclose(
        template_for(112, 96), FIVE_POINT_TEMPLATE - [8, 0], atol=1e-4
    )


def test_smaller_crops_get_black_sides():
    found = fit_crops(numbered(112, 96), (112, 112))
    assert (found[0, :, 8:104] == numbered(112, 96)[0]).all()
    assert not found[0, :, :8].any()
    assert not found[0, :, 104:].any()


@pytest.mark.parametrize(
    ("came", "wanted", "kept"),
    [
        ((7, 7), (4, 7), [1, 2, 3, 4]),  # one above, two below
        ((4, 7), (7, 7), [-1, 0, 1, 2, 3, -1, -1]),
    ],
)
def test_an_odd_pixel_is_at_the_bottom(came, wanted, kept):
    found = fit_crops(numbered(*came), wanted, fit="both")[0, :, 3]
    assert [row if mark else -1 for row, _, mark in found.tolist()] == kept


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"size": (96, 112)}, r'96x112.*fit="both".*112x112'),
        ({"size": (112,)}, "height, width"),
        ({"size": (112, 96), "fit": "height"}, r"\['width', 'both'\]"),
    ],
)
def test_what_would_change_the_scale_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        fit_crops(numbered(112, 112), **arguments)
    with pytest.raises(ValueError, match=r"images\.shape=\(8, 8\)"):
        fit_crops(np.zeros((8, 8)), (8, 8))
