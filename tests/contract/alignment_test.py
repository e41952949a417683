import math

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from keras_sphereface.contract import (
    FIVE_POINT_TEMPLATE,
    align_face,
    similarity_transform,
    template_for,
)

# Fixed examples; no deadline, as a busy machine would miss it.
checked = settings(
    derandomize=True,
    deadline=None,
    max_examples=100,
    suppress_health_check=[HealthCheck.too_slow],
)
point_sets = hnp.arrays(np.float64, (5, 2), elements=st.floats(-200, 200))


def make_similarity(scale, degrees, shift):
    """A 2x3 matrix that turns by `degrees`, scales and shifts."""
    c = scale * math.cos(math.radians(degrees))
    s = scale * math.sin(math.radians(degrees))
    return np.array([[c, -s, shift[0]], [s, c, shift[1]]])


def apply(matrix, points):
    return np.array(
        [
            [
                matrix[0][0] * x + matrix[0][1] * y + matrix[0][2],
                matrix[1][0] * x + matrix[1][1] * y + matrix[1][2],
            ]
            for x, y in points
        ]
    )


def umeyama_1991(source, target):
    """The published algorithm: a singular value decomposition."""
    source_mean, target_mean = source.mean(axis=0), target.mean(axis=0)
    covariance = (target - target_mean).T @ (source - source_mean)
    covariance /= len(source)
    u, singular, vt = np.linalg.svd(covariance)
    signs = np.array([1.0, np.sign(np.linalg.det(u) * np.linalg.det(vt))])
    rotation = u @ np.diag(signs) @ vt
    variance = ((source - source_mean) ** 2).sum() / len(source)
    scale = (singular * signs).sum() / variance
    shift = target_mean - scale * rotation @ source_mean
    return np.hstack([scale * rotation, shift[:, None]])


def naive_align(image, matrix, height, width):
    """`cv2.warpAffine`, one pixel at a time, black outside."""
    inverse = np.linalg.inv(np.vstack([matrix, [0, 0, 1]]))
    crop = np.zeros((height, width, 3))
    for row in range(height):
        for column in range(width):
            x, y, _ = inverse @ [column, row, 1]
            left, top = math.floor(x), math.floor(y)
            for i, j in ((0, 0), (0, 1), (1, 0), (1, 1)):
                inside = (
                    0 <= top + i < image.shape[0]
                    and 0 <= left + j < image.shape[1]
                )
                if inside:
                    share = (1 - abs(y - top - i)) * (1 - abs(x - left - j))
                    crop[row, column] += share * image[top + i, left + j]
    return crop


def make_image(height, width):
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (height, width, 3), dtype=np.uint8)


def test_template_has_the_published_coordinates():
    # arcface_src of InsightFace, python-package/insightface/utils/face_align.
    np.testing.assert_allclose(
        FIVE_POINT_TEMPLATE,
        [
            [38.2946, 51.6963],
            [73.5318, 51.5014],
            [56.0252, 71.7366],
            [41.5493, 92.3655],
            [70.7299, 92.2041],
        ],
        rtol=1e-7,
    )
    with pytest.raises(ValueError, match="read-only"):
        FIVE_POINT_TEMPLATE[0, 0] = 0


def test_narrow_template_has_the_coordinates_of_the_112x96_crop():
    # The template of SphereFace's and MTCNN's 112x96 crops.
    np.testing.assert_allclose(
        template_for(112, 96),
        [
            [30.2946, 51.6963],
            [65.5318, 51.5014],
            [48.0252, 71.7366],
            [33.5493, 92.3655],
            [62.7299, 92.2041],
        ],
        atol=1e-4,
    )
    np.testing.assert_array_equal(template_for(112, 112), FIVE_POINT_TEMPLATE)
    np.testing.assert_allclose(
        template_for(224, 224), 2 * FIVE_POINT_TEMPLATE, rtol=1e-6
    )


@pytest.mark.parametrize("size", [0, -1, 1.5, "112", True])
def test_template_refuses_sizes_that_are_no_positive_ints(size):
    with pytest.raises(ValueError, match="`height`"):
        template_for(size, 112)
    with pytest.raises(ValueError, match="`width`"):
        template_for(112, size)


@checked
@given(
    points=point_sets,
    scale=st.floats(0.1, 10),
    degrees=st.floats(-180, 180),
    shift=st.tuples(st.floats(-100, 100), st.floats(-100, 100)),
)
def test_recovers_a_known_similarity(points, scale, degrees, shift):
    assume(points.std(axis=0).max() > 1)
    expected = make_similarity(scale, degrees, shift)
    found = similarity_transform(points, apply(expected, points))
    # Coordinates reach 2000, so 1e-8 is some thousand float64 steps.
    np.testing.assert_allclose(found, expected, atol=1e-8)


@checked
@given(source=point_sets, target=point_sets)
def test_equals_umeyama_by_singular_values_for_points_that_do_not_fit(
    source, target
):
    assume(min(source.std(axis=0).min(), target.std(axis=0).min()) > 1)
    covariance = (target - target.mean(0)).T @ (source - source.mean(0))
    # With rank one Umeyama's rotation is not unique.
    assume(abs(np.linalg.det(covariance)) > 1e-3)
    np.testing.assert_allclose(
        similarity_transform(source, target),
        umeyama_1991(source, target),
        atol=1e-6,
    )


def test_never_reflects():
    mirrored = FIVE_POINT_TEMPLATE * [-1, 1]
    matrix = similarity_transform(mirrored, FIVE_POINT_TEMPLATE)
    assert np.linalg.det(matrix[:, :2]) > 0


@pytest.mark.parametrize(
    ("landmarks", "message"),
    [
        (np.full((5, 2), 7.0), "one point"),
        (np.full((5, 2), np.nan), "`landmarks` must be finite"),
        (np.ones((5, 3)), r"landmarks\.shape=\(5, 3\)"),
        (np.ones((1, 2)), "at least two points"),
        (np.eye(2), "as many points"),
    ],
)
def test_refuses_landmarks_without_a_similarity(landmarks, message):
    with pytest.raises(ValueError, match=message):
        similarity_transform(landmarks, FIVE_POINT_TEMPLATE)


def test_an_aligned_crop_comes_back_unchanged():
    image = make_image(112, 112)
    np.testing.assert_array_equal(align_face(image, FIVE_POINT_TEMPLATE), image)


@pytest.mark.parametrize(
    ("scale", "degrees", "shift", "size"),
    [
        (1.3, 20, (30, -25), (112, 112)),
        (0.6, -35, (10, 40), (112, 96)),
        (2.0, 170, (190, 160), (56, 56)),  # upside down, partly outside
    ],
)
def test_align_equals_a_loop_over_pixels(scale, degrees, shift, size):
    image = make_image(130, 150)
    to_photo = make_similarity(scale, degrees, shift)
    landmarks = apply(to_photo, template_for(*size))
    crop = align_face(image, landmarks, size=size)
    inverse = np.linalg.inv(np.vstack([to_photo, [0, 0, 1]]))[:2]
    expected = naive_align(image, inverse, *size)
    assert crop.dtype == np.uint8
    assert crop.shape == (*size, 3)
    # Rounding to a byte is half a level; float32 landmarks add a little.
    np.testing.assert_allclose(crop, expected, atol=0.52)


def test_a_face_outside_the_picture_is_black():
    crop = align_face(make_image(50, 50), FIVE_POINT_TEMPLATE + 500)
    assert not crop.any()


@pytest.mark.parametrize(
    ("image", "landmarks", "message"),
    [
        (
            make_image(112, 112).astype("float32"),
            FIVE_POINT_TEMPLATE,
            "image.dtype=float32",
        ),
        (
            make_image(112, 112)[..., 0],
            FIVE_POINT_TEMPLATE,
            r"image\.shape=\(112, 112\)",
        ),
        (make_image(112, 112), FIVE_POINT_TEMPLATE[:3], r"\[5, 2\]"),
        (make_image(112, 112), FIVE_POINT_TEMPLATE / 112, "must be in pixels"),
        (
            make_image(112, 112),
            FIVE_POINT_TEMPLATE[[1, 0, 2, 4, 3]],
            "left and right swapped",
        ),
    ],
)
def test_align_refuses_what_is_no_face(image, landmarks, message):
    with pytest.raises(ValueError, match=message):
        align_face(image, landmarks)


def test_a_benchmark_takes_landmarks_that_look_mirrored():
    image = make_image(112, 112)
    points = FIVE_POINT_TEMPLATE * [-1, 1] + [112, 0]
    with pytest.raises(ValueError, match="left and right swapped"):
        align_face(image, points)
    crop = align_face(image, points, (20, 20), refuse_mirrored=False)
    matrix = similarity_transform(points, template_for(20, 20))
    expected = naive_align(image, matrix, 20, 20)
    assert np.abs(crop - expected).max() <= 0.51
