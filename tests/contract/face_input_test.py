import json

import numpy as np
import pytest

from keras_sphereface.contract import PIXEL_MEAN, PIXEL_SCALE, FaceInput


def make_images(dtype="uint8", batch_size=2, height=112, width=112, channels=3):
    rng = np.random.default_rng(0)
    shape = (batch_size, height, width, channels)
    return rng.integers(0, 256, shape).astype(dtype)


def test_pixel_constants_map_bytes_onto_minus_one_to_one():
    assert (0 - PIXEL_MEAN) / PIXEL_SCALE == -1.0
    assert (255 - PIXEL_MEAN) / PIXEL_SCALE == 1.0


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [
        ("uint8", "uint8"),
        ("float16", "float32"),
        ("float32", "float32"),
        ("float64", "float32"),
    ],
)
def test_check_keeps_pixel_values_of_a_batch(dtype, expected):
    images = make_images(dtype)
    checked = FaceInput().check(images)
    assert checked.dtype == expected
    np.testing.assert_array_equal(checked, images)


def test_check_makes_a_batch_of_one_image():
    image = make_images()[0]
    checked = FaceInput().check(image)
    assert checked.shape == (1, 112, 112, 3)
    np.testing.assert_array_equal(checked[0], image)


def test_check_stacks_a_list_of_images():
    assert FaceInput().check(list(make_images())).shape == (2, 112, 112, 3)


def test_check_accepts_narrow_crops_when_asked_for_them():
    face_input = FaceInput(height=112, width=96)
    assert face_input.shape == (112, 96, 3)
    assert face_input.check(make_images(width=96)).shape == (2, 112, 96, 3)


def test_check_accepts_a_black_float_image():
    black = np.zeros((1, 112, 112, 3), "float32")
    np.testing.assert_array_equal(FaceInput().check(black), black)


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (make_images(height=96), r"align_face.*\(2, 96, 112, 3\)"),
        (make_images(channels=1), r"gray.*\(2, 112, 112, 1\)"),
        (make_images(channels=4), r"alpha.*\(2, 112, 112, 4\)"),
        (make_images()[0, :, :, 0], r"gray|\(112, 112\)"),
        (make_images(batch_size=0), "batch is empty"),
        (make_images().transpose(0, 3, 1, 2), "channels first"),
        (make_images()[None], r"\(1, 2, 112, 112, 3\)"),
        (make_images("int32"), "dtype=int32"),
        (make_images("bool"), "dtype=bool"),
        ([make_images()[0], make_images(height=5)[0]], "do not stack"),
        ("face.jpg", "dtype=<U8"),
    ],
)
def test_check_names_what_is_wrong_with_shape_or_dtype(images, message):
    with pytest.raises(ValueError, match=message):
        FaceInput().check(images)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.nan, r"NaN or infinity in images\[1\]"),
        (np.inf, r"NaN or infinity in images\[1\]"),
        (255.5, r"images\[1\] in \[0, 255.5\]"),
        (-1.0, r"images\[1\] in \[-1, 255\]"),
    ],
)
def test_check_names_the_image_with_a_bad_pixel(value, message):
    images = make_images("float32")
    images[1, 3, 4, 2] = value
    with pytest.raises(ValueError, match=message):
        FaceInput().check(images)


@pytest.mark.parametrize(
    ("shift", "message"), [(0.0, r"\[0, 1\]; multiply"), (-0.5, r"\[-1, 1\]")]
)
def test_check_recognizes_scaled_pixels(shift, message):
    images = make_images("float32") / 255 + shift
    with pytest.raises(ValueError, match=message):
        FaceInput().check(images)


def test_survives_a_round_trip_through_json():
    face_input = FaceInput(height=112, width=96)
    text = json.dumps(face_input.to_dict())
    assert FaceInput.from_dict(json.loads(text)) == face_input


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"color_order": "BGR"}, "`color_order`.*BGR"),
        ({"channels": 1}, "`channels`.*channels=1"),
        ({"channels": 3.0}, "`channels`.*channels=3.0"),
        ({"height": 0}, "`height`.*height=0"),
        ({"width": 112.0}, "`width`.*width=112.0"),
        ({"height": True}, "`height`.*True"),
        ({"pixel_range": [0, 1]}, r"`pixel_range`.*\[0, 1\]"),
        ({"pixel_range": [False, 255]}, "`pixel_range`"),
        ({"pixel_range": 255}, "`pixel_range`"),
        ({"mean": 127.5}, r"unknown \['mean'\]"),
    ],
)
def test_from_dict_refuses_what_it_does_not_understand(change, message):
    with pytest.raises(ValueError, match=message):
        FaceInput.from_dict({**FaceInput().to_dict(), **change})


def test_from_dict_names_a_missing_key():
    config = FaceInput().to_dict()
    del config["width"]
    with pytest.raises(ValueError, match=r"missing \['width'\]"):
        FaceInput.from_dict(config)
    with pytest.raises(ValueError, match="must be a dict"):
        FaceInput.from_dict([112, 112])
