import numpy as np
import pytest

from keras_sphereface.export.stated_input import StatedInput


def test_what_is_stated_is_kept_and_the_rest_is_not():
    stated = StatedInput("NCHW", pixel_mean=[127.5], pixel_scale=(1, 2, 4))
    assert stated.given == {
        "input_layout": "NCHW",
        "pixel_mean": 127.5,
        "pixel_scale": (1.0, 2.0, 4.0),
    }
    assert StatedInput().given == {}
    assert StatedInput(pixel_mean=0).given == {"pixel_mean": 0}
    assert StatedInput(pixel_scale=np.float32([1, 2, 3])).given


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"input_layout": "nchw"}, r"`input_layout`.*'NCHW'\].*'nchw'"),
        ({"color_order": "GRB"}, "`color_order`"),
        ({"pixel_mean": "127.5"}, "`pixel_mean`"),
        ({"pixel_mean": [1, 2]}, r"`pixel_mean` must be one.*three.*\[1, 2\]"),
        ({"pixel_scale": 0}, "`pixel_scale` must be.*above 0"),
        ({"pixel_scale": [1, 0, 1]}, "`pixel_scale`"),
    ],
)
def test_wrong_statements_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        StatedInput(**arguments)
