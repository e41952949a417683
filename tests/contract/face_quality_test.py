import math

import numpy as np
import pytest

from keras_sphereface.contract import (
    FIVE_POINT_TEMPLATE,
    FaceQuality,
    QualityLimits,
    measure_quality,
)

GOOD = FaceQuality(0.2, 130.0, 45.0, 0.0, 40.0, 0.0, 0.5)


def draw_face(seed=0, size=112):
    """Smooth shades with some detail, as bright as a face."""
    random = np.random.default_rng(seed)
    coarse = random.uniform(60, 200, (8, 8, 1))
    step = size // 8 + 1
    smooth = np.kron(coarse, np.ones((step, step, 3)))[:size, :size]
    return np.clip(smooth + random.normal(0, 6, smooth.shape), 0, 255)


def oracle(crop):
    """The four numbers of a 112×112 crop in loops, float64."""
    bright = crop.astype(np.float64) @ [0.299, 0.587, 0.114]
    (x0, y0), (x1, y1) = FIVE_POINT_TEMPLATE[:2].astype(np.float64)
    distance = x1 - x0
    x, y = (x0 + x1) / 2, (y0 + y1) / 2
    top, bottom = int(y - distance), int(y + 1.3 * distance)
    left, right = int(x - 0.9 * distance), int(x + 0.9 * distance)
    face = bright[top:bottom, left:right]
    mean = face.sum() / face.size
    spread = math.sqrt(((face - mean) ** 2).sum() / face.size)
    down = across = 0.0
    height, width = face.shape
    for row in range(height):
        for column in range(1, width - 1):
            before, middle, after = face[row, column - 1 : column + 2]
            across += abs(2 * middle - before - after)
    for row in range(1, height - 1):
        for column in range(width):
            before, middle, after = face[row - 1 : row + 2, column]
            down += abs(2 * middle - before - after)
    across /= height * (width - 2)
    down /= (height - 2) * width
    clipped = sum(1 for v in face.flat if v < 8 or v > 247) / face.size
    return min(across, down) / (spread + 4), mean, spread, clipped


@pytest.mark.parametrize("seed", range(3))
def test_numbers_equal_a_float64_loop(seed):
    crop = draw_face(seed)
    crop[: 60 * (seed == 1)] = 255
    found = measure_quality(crop)
    np.testing.assert_allclose(
        [found.sharpness, found.brightness, found.contrast, found.clipped],
        oracle(crop),
        rtol=1e-4,
    )
    assert found.eye_distance is found.turn is found.nod is None


def blurred(crop, axis):
    return np.mean([np.roll(crop, k, axis) for k in range(9)], axis=0)


@pytest.mark.parametrize(
    ("spoil", "text"),
    [
        (lambda crop: blurred(crop, 0), "it is blurred"),
        (lambda crop: blurred(crop, 1), "it is blurred"),
        (
            lambda crop: (
                crop + np.random.default_rng(1).normal(0, 60, crop.shape)
            ),
            "it is noisy",
        ),
        (lambda crop: crop * 0.2, "it is too dark"),
        (lambda crop: crop * 0.2 + 200, "it is too bright"),
        (lambda crop: (crop - 130) * 0.2 + 130, "it is flat"),
        (lambda crop: np.where(crop > 110, 255, crop), "without detail"),
    ],
)
def test_what_is_wrong_is_said(spoil, text):
    limits = QualityLimits()
    assert limits.problems(measure_quality(draw_face())) == ()
    spoiled = np.clip(spoil(draw_face()), 0, 255)
    problems = limits.problems(measure_quality(spoiled))
    assert any(text in problem for problem in problems), problems


def test_a_crop_of_twice_the_size_is_as_sharp():
    crop = draw_face()
    large = np.kron(crop, np.ones((2, 2, 1)))
    once, twice = measure_quality(crop), measure_quality(large)
    assert twice.sharpness == pytest.approx(once.sharpness, rel=0.1)
    assert twice.brightness == pytest.approx(once.brightness, rel=0.02)


@pytest.mark.parametrize("turn", [-0.4, 0.0, 0.3])
@pytest.mark.parametrize("degrees", [0, 30, -75, 180])
def test_pose_does_not_depend_on_place_size_and_roll(turn, degrees):
    points = FIVE_POINT_TEMPLATE.astype(float).copy()
    points[1, 1] = points[0, 1]  # upright
    distance = points[1, 0] - points[0, 0]
    points[2] = points[:2].mean(axis=0)
    points[2] += (turn * distance, 20.0)
    angle = np.radians(degrees)
    rotation = np.array(
        [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    )
    found = measure_quality(draw_face(), 3 * points @ rotation.T + [500, 90])
    plain = measure_quality(draw_face(), points)
    assert found.turn == pytest.approx(turn, abs=1e-6)
    assert found.nod == pytest.approx(plain.nod)
    assert found.eye_distance == pytest.approx(3 * distance)
    assert plain.nod == pytest.approx(0.49, abs=0.02)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"eye_distance": 9.0}, "it is too small (9 pixels"),
        ({"turn": -0.6}, "it is turned to the side"),
        ({"nod": 0.1}, "it looks up"),
        ({"nod": 0.95}, "it looks down"),
    ],
)
def test_size_and_pose_are_judged(change, text):
    limits = QualityLimits()
    assert limits.problems(GOOD) == ()
    (problem,) = limits.problems(FaceQuality(**{**vars(GOOD), **change}))
    assert problem.startswith(text)


def test_limits_of_faces_refuse_so_many_of_them():
    crops = np.stack([draw_face(seed) for seed in range(60)])
    limits = QualityLimits.of_faces(crops, refused=0.05, turn=0.7)
    assert limits.turn == 0.7
    refused = np.mean(
        [bool(limits.problems(measure_quality(crop))) for crop in crops]
    )
    assert 0.05 <= refused <= 6 * 0.05


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: measure_quality(np.zeros((112, 112))), r"\(112, 112\)"),
        (lambda: measure_quality(np.zeros((8, 8, 3))), "16 pixels"),
        (
            lambda: measure_quality(draw_face(), np.zeros((4, 2))),
            "five points",
        ),
        (lambda: measure_quality(draw_face(), np.zeros((5, 2))), "two eyes"),
        (lambda: QualityLimits(contrast="x"), "`contrast` must be a float"),
        (
            lambda: QualityLimits(brightness=(200.0, 100.0)),
            "`brightness` must be two floats, low and high,",
        ),
        (lambda: QualityLimits(nod=0.3), "`nod` must be two floats"),
        (lambda: QualityLimits(turn=math.nan), "`turn` must be a float"),
        (lambda: QualityLimits.of_faces([]), "at least one face"),
        (
            lambda: QualityLimits.of_faces([draw_face()], refused=0.5),
            "`refused`",
        ),
    ],
)
def test_what_is_no_face_and_no_limit_is_named(call, text):
    with pytest.raises(ValueError, match=text):
        call()
