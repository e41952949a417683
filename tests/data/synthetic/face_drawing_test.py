import dataclasses

import numpy as np
import pytest

from keras_sphereface.data.synthetic.face_drawing import draw_face
from keras_sphereface.data.synthetic.face_identity import FaceIdentity
from keras_sphereface.data.synthetic.face_view import FaceView

# Straight ahead, even light, nothing in front of the face, a clean camera.
STUDIO = FaceView(
    yaw=0.0,
    pitch=0.0,
    crop_roll=0.0,
    crop_zoom=1.0,
    crop_shift_x=0.0,
    crop_shift_y=0.0,
    mouth_open=-1.0,
    smile=0.0,
    brow_raise=0.0,
    eyelids=1.0,
    gaze_u=0.0,
    gaze_v=0.0,
    light_direction=0.0,
    light_slant=0.0,
    ambient=0.6,
    shadow=-1.0,
    red_gain=1.0,
    green_gain=1.0,
    blue_gain=1.0,
    brightness=1.0,
    cap=-1.0,
    glasses=-1.0,
    sunglasses=-1.0,
    mask=-1.0,
    bar=-1.0,
    hand=-1.0,
    contrast=1.0,
    saturation=1.0,
    blur=-1.0,
    noise=0.0,
    texture_seed=0.0,
)

# x, y of the 112x112 template written in the issue: both eyes, mouth corners.
LEFT_EYE, RIGHT_EYE = (38.3, 51.7), (73.5, 51.5)
LEFT_MOUTH, RIGHT_MOUTH = (41.5, 92.4), (70.7, 92.2)


def people(number, **same):
    rng = np.random.default_rng(0)
    return [
        dataclasses.replace(FaceIdentity.sample(rng), **same)
        for _ in range(number)
    ]


def darkest(image, point, reach):
    """x, y of the darkness's center within `reach` pixels of a point."""
    x, y = (round(value) for value in point)
    rows, columns = np.mgrid[
        y - reach : y + reach + 1, x - reach : x + reach + 1
    ]
    part = image[rows, columns]
    weights = np.maximum(np.quantile(part, 0.2) - part, 0)
    return (
        (weights * columns).sum() / weights.sum(),
        (weights * rows).sum() / weights.sum(),
    )


def mean_gray(views, number=60):
    """Average of one image per person, each under the next of the views."""
    skin = {"skin_tone": 0.1}
    images = [
        draw_face(identity, views[place % len(views)]).mean(axis=-1)
        for place, identity in enumerate(people(number, **skin))
    ]
    return np.mean(images, axis=0)


@pytest.mark.parametrize("point", [LEFT_EYE, RIGHT_EYE])
def test_the_average_face_has_dark_eyes_at_the_template(point):
    # People differ in proportion, so single eyes lie up to 3 pixels away;
    # the average must be within 1.5.
    x, y = darkest(mean_gray([STUDIO]), point, 6)
    assert abs(x - point[0]) < 1.5
    assert abs(y - point[1]) < 1.5


def test_the_average_mouth_line_lies_between_the_template_corners():
    image = mean_gray([STUDIO])
    middle = (LEFT_MOUTH[0] + RIGHT_MOUTH[0]) / 2, LEFT_MOUTH[1]
    _, y = darkest(image, middle, 5)
    assert abs(y - middle[1]) < 2


@pytest.mark.parametrize(
    "turn",
    [{"yaw": -0.4}, {"yaw": 0.4}, {"pitch": -0.25}, {"pitch": 0.25}],
)
def test_turned_faces_keep_their_eyes_near_the_template(turn):
    # Five points of a turned head do not fit the flat template exactly; 4
    # pixels are the foreshortening of the eye distance at 0.4 radians.
    image = mean_gray([dataclasses.replace(STUDIO, **turn)])
    for point in (LEFT_EYE, RIGHT_EYE):
        x, y = darkest(image, point, 7)
        assert abs(x - point[0]) < 4
        assert abs(y - point[1]) < 4


def test_a_narrower_picture_is_the_middle_of_the_wide_one():
    # The 112x96 template is the 112x112 one 8 pixels further left, so only
    # the rounding to bytes differs.
    for identity in people(5):
        wide = draw_face(identity, STUDIO)[:, 8:104].astype(int)
        narrow = draw_face(identity, STUDIO, 112, 96).astype(int)
        assert np.abs(wide - narrow).max() <= 2


def test_a_bigger_picture_shows_the_same_face():
    identity = people(1)[0]
    small = draw_face(identity, STUDIO).astype(float)
    big = draw_face(identity, STUDIO, 224, 224).astype(float)
    big = big.reshape(112, 2, 112, 2, 3).mean(axis=(1, 3))
    # Pixel centers of the two differ by a quarter pixel, so edges do too.
    assert np.abs(big - small).mean() < 6


def test_the_same_arguments_give_the_same_bytes():
    identity = people(1)[0]
    view = FaceView.sample(np.random.default_rng(3))
    first, second = draw_face(identity, view), draw_face(identity, view)
    np.testing.assert_array_equal(first, second)


def pixels_that_change(draw, field):
    """How many pixels differ clearly between the values of one field.

    Both ends and the middle of its range are drawn: a light from -180
    degrees and one from 180 are the same.
    """
    low, high = field.metadata["range"]
    values = (low, (low + high) / 2, high)
    images = [draw({field.name: value}).astype(int) for value in values]
    return max(
        (np.abs(image - images[0]).max(axis=-1) > 10).sum() for image in images
    )


@pytest.mark.parametrize(
    "field", dataclasses.fields(FaceIdentity), ids=lambda field: field.name
)
def test_every_field_of_an_identity_shows(field):
    # A smiling, half turned person with everything.
    person = dataclasses.replace(
        people(1)[0],
        upper_lip=4.0,
        mustache=0.6,
        goatee=0.6,
        side_beard=0.6,
        freckles=0.8,
        mole_size=1.4,
        hair_length=30.0,
        hair_wave=0.5,
    )
    view = dataclasses.replace(STUDIO, yaw=0.3, smile=0.8)

    def draw(change):
        return draw_face(dataclasses.replace(person, **change), view)

    # The mole, the least of all, covers three pixels.
    assert pixels_that_change(draw, field) >= 3


@pytest.mark.parametrize(
    "field", dataclasses.fields(FaceView), ids=lambda field: field.name
)
def test_every_field_of_a_view_shows(field):
    view = dataclasses.replace(
        STUDIO, light_slant=0.8, shadow=0.5, mouth_open=3.0
    )
    person = people(1)[0]

    def draw(change):
        return draw_face(person, dataclasses.replace(view, **change))

    assert pixels_that_change(draw, field) >= 10


@pytest.mark.parametrize("cls", [FaceIdentity, FaceView])
def test_sampled_fields_fill_their_ranges(cls):
    rng = np.random.default_rng(0)
    samples = [dataclasses.astuple(cls.sample(rng)) for _ in range(400)]
    lows, highs = np.array(
        [field.metadata["range"] for field in dataclasses.fields(cls)]
    ).T
    samples = np.array(samples)
    assert (samples >= lows).all()
    assert (samples <= highs).all()
    # The chance that 400 uniform draws miss a tenth at an end is below 1e-17.
    margins = (highs - lows) / 10
    assert (samples.min(axis=0) < lows + margins).all()
    assert (samples.max(axis=0) > highs - margins).all()
