import numpy as np
import pytest

from keras_sphereface.contract import check_first_images

random = np.random.default_rng(0)


def skin(count=64):
    """Noise around the mean color of faces, by the training set of VGGFace."""
    color = np.float32([131.0, 103.0, 91.0])
    pixels = color + 40 * random.normal(size=(count, 8, 8, 3))
    return np.clip(pixels, 0, 255).astype("float32")


def test_faces_pass_as_integers_floats_and_augmented(recwarn):
    for images in (skin().astype("uint8"), skin(), skin() * 1.1 - 20):
        check_first_images(images)
    # Night, gray, too few to tell, and single placeholders.
    check_first_images(np.zeros((2, 8, 8, 3), "uint8"))
    check_first_images(np.repeat(skin()[..., :1], 3, axis=-1))
    check_first_images(skin(63)[..., ::-1])
    some = skin()
    some[:32] = 0
    check_first_images(some)
    assert not recwarn.list


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda x: x / 255, r"scaled to \[0, 1\]; multiply by 255"),
        (lambda x: x / 127.5 - 1, r"scaled to \[-1, 1\]; the model does"),
        (lambda x: (x - 128) / 50, r"looks standardized"),
        (lambda x: x * 257, r"\[0, 255\]\. Received: faces in"),
        (lambda x: x - 999, r"\[0, 255\]\. Received: faces in"),
        (lambda x: (x > 99).astype("uint8"), r"scaled to \[0, 1\]"),
        (lambda x: np.where(x > 250, np.nan, x), r"`faces` must be finite"),
        (lambda x: np.where(x > 250, np.inf, x), r"infinity in faces\["),
    ],
)
def test_other_scales_are_errors(change, message):
    with pytest.raises(ValueError, match=message):
        check_first_images(change(skin()), "faces")


def test_swapped_channels_are_told():
    with pytest.warns(UserWarning, match="red, 9.*blue, 1.* look BGR"):
        check_first_images(skin()[..., ::-1])


def test_images_of_one_color_are_told():
    images = skin()
    images[:40] = images[:40, :1, :1, :1]
    with pytest.warns(UserWarning, match="40 of the first 64 .* one color"):
        check_first_images(images)
