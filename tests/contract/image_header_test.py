import pytest

from keras_sphereface.contract.image_header import ImageHeader


@pytest.mark.parametrize("orientation", range(1, 9))
def test_rows_become_columns_from_five_on(orientation):
    header = ImageHeader("PNG", 20, 30, orientation=orientation)
    expected = (30, 20) if orientation in (5, 6, 7, 8) else (20, 30)
    assert header.upright_size == expected
