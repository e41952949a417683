import pytest

from keras_sphereface.backbones.input_shape import check_input_shape


@pytest.mark.parametrize("shape", [(112, 112, 3), (112, 96, 3), [32, 16, 1]])
def test_multiples_of_sixteen_pass(shape):
    assert check_input_shape(shape) == tuple(shape)


@pytest.mark.parametrize(
    "shape",
    [
        (100, 112, 3),
        (112, 100, 3),
        (0, 112, 3),
        (112, 112, 0),
        (-16, 112, 3),
        (112, 112),
        (112.0, 112.0, 3),
        (None, None, 3),
    ],
)
def test_anything_else_is_an_error_that_says_what_fits(shape):
    with pytest.raises(ValueError, match=r"`input_shape`.*multiples of 16"):
        check_input_shape(shape)
