"""Turning a detected face upright: five landmarks onto a fixed template."""

import numpy as np
import numpy.typing as npt

from keras_sphereface.contract.arguments import check_integer
from keras_sphereface.contract.face_input import IMAGE_SIZE
from keras_sphereface.contract.images import (
    ENCODED_TYPES,
    PATH_TYPES,
    ImageSource,
    read_image,
)

# x, y in a 112x112 crop: left eye, right eye, nose, left and right corner of
# the mouth, left and right as seen in the picture. The template of ArcFace and
# nearly every public model since.
FIVE_POINT_TEMPLATE = np.array(
    [
        [38.2946, 51.6963],
        [73.5318, 51.5014],
        [56.0252, 71.7366],
        [41.5493, 92.3655],
        [70.7299, 92.2041],
    ],
    dtype=np.float32,
)
FIVE_POINT_TEMPLATE.setflags(write=False)


def template_for(height: int, width: int) -> np.ndarray:
    """The five-point template for another crop size.

    The template is scaled with the height and centered in the width, so
    112x96 is the 112x112 template 8 pixels further left.

    Args:
        height: int, at least 1.
        width: int, at least 1.

    Returns:
        float32 array, `[5, 2]`, x and y in pixels.
    """
    height = check_integer("height", height, at_least=1)
    width = check_integer("width", width, at_least=1)
    scale = height / IMAGE_SIZE[0]
    shift = [(width - scale * IMAGE_SIZE[1]) / 2, 0]
    return (FIVE_POINT_TEMPLATE * scale + shift).astype(np.float32)


def similarity_transform(
    landmarks: npt.ArrayLike, template: npt.ArrayLike
) -> np.ndarray:
    """The scaling, rotation and shift that best maps landmarks to template.

    Least squares over all similarities without reflection. With points as
    complex numbers `z = x + iy` a similarity is `z -> a * z + b`, and the best
    `a` is `sum(conj(z) * w) / sum(|z|^2)` over centered points, the plane case
    of Umeyama's solution.

    Args:
        landmarks: `[num_points, 2]`, x and y; at least two different points.
        template: `[num_points, 2]`, where they should come to lie.

    Returns:
        float64 array, `[2, 3]`: `template ~ matrix @ [x, y, 1]`.

    Reference:
        - Umeyama, Least-squares estimation of transformation parameters
          between two point patterns, TPAMI 1991
    """
    source = _check_points("landmarks", landmarks)
    target = _check_points("template", template)
    if source.shape != target.shape:
        raise ValueError(
            "`landmarks` and `template` must have as many points. "
            f"Received: landmarks.shape={source.shape}, "
            f"template.shape={target.shape}"
        )
    z = source[:, 0] + 1j * source[:, 1]
    w = target[:, 0] + 1j * target[:, 1]
    z_centered, w_centered = z - z.mean(), w - w.mean()
    spread = np.sum(np.abs(z_centered) ** 2)
    if np.sqrt(spread) <= 1e-9 * (1 + np.abs(z).max()):
        raise ValueError(
            "`landmarks` must not all lie on one point. "
            f"Received: landmarks={source.tolist()}"
        )
    a = np.sum(np.conj(z_centered) * w_centered) / spread
    b = w.mean() - a * z.mean()
    return np.array([[a.real, -a.imag, b.real], [a.imag, a.real, b.imag]])


def align_face(
    image: ImageSource,
    landmarks: npt.ArrayLike,
    size: tuple[int, int] = IMAGE_SIZE,
    template: npt.ArrayLike | None = None,
    *,
    refuse_mirrored: bool = True,
) -> np.ndarray:
    """Cuts the upright face out of a picture.

    Samples with bilinear interpolation, pixel centers at whole numbers, black
    outside the picture: what OpenCV's `warpAffine` does by default.

    Args:
        image: the picture the face was found in: uint8 pixels,
            `[height, width, 3]`, a path, or the bytes of an image file.
        landmarks: `[5, 2]`, x and y in pixels: left eye, right eye, nose, left
            and right corner of the mouth, left and right as seen in the
            picture.
        size: `(height, width)` of the crop. Defaults to `(112, 112)`.
        template: `[5, 2]`, where the landmarks come to lie in the crop.
            Defaults to `None`, `template_for(*size)`.
        refuse_mirrored: bool, whether landmarks that fit a face better with
            left and right swapped are an error. `False` is for benchmarks,
            whose every face counts. Defaults to `True`.

    Returns:
        uint8 array, `[*size, 3]`.
    """
    if isinstance(image, (*PATH_TYPES, *ENCODED_TYPES)):
        image = read_image(image)
    image = np.asarray(image)
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[-1] != 3:
        raise ValueError(
            "`image` must be uint8, [height, width, 3]. "
            f"Received: image.dtype={image.dtype}, image.shape={image.shape}"
        )
    points = _check_points("landmarks", landmarks)
    if len(points) != len(FIVE_POINT_TEMPLATE):
        raise ValueError(
            f"`landmarks` must be [5, 2]. Received: shape {points.shape}"
        )
    if points.min() >= 0 and points.max() <= 1:
        raise ValueError(
            "`landmarks` must be in pixels; these look divided by the image "
            f"size. Received: landmarks={points.tolist()}"
        )
    height, width = size
    if template is None:
        template = template_for(height, width)
    matrix = similarity_transform(points, template)
    if refuse_mirrored:
        _check_sides(points, template, matrix)
    y, x = np.mgrid[:height, :width]
    crop = np.stack([x.ravel(), y.ravel()]) - matrix[:, 2:]
    x, y = np.linalg.inv(matrix[:, :2]) @ crop
    pixels = _sample_bilinear(image, x, y)
    return np.rint(pixels).astype(np.uint8).reshape(height, width, 3)


def _check_sides(
    points: np.ndarray, template: npt.ArrayLike, matrix: np.ndarray
) -> None:
    # The determinant is the squared scale: the better the fit, the larger.
    mirrored = similarity_transform(points * [-1, 1], template)
    if np.linalg.det(matrix[:, :2]) <= 0.5 * np.linalg.det(mirrored[:, :2]):
        raise ValueError(
            "`landmarks` must resemble a face; these fit better with left and "
            f"right swapped. Received: landmarks={points.tolist()}"
        )


def _sample_bilinear(
    image: np.ndarray, x: np.ndarray, y: np.ndarray
) -> np.ndarray:
    """Pixels at `x`, `y`; a black frame stands for all that is outside."""
    part, left, top = _part_around(image, x, y)
    height, width = part.shape[:2]
    x = np.clip(x - (left - 1), 0, width - 1)
    y = np.clip(y - (top - 1), 0, height - 1)
    left_column = np.minimum(x.astype(int), width - 2)
    top_row = np.minimum(y.astype(int), height - 2)
    right_share, bottom_share = x - left_column, y - top_row
    # Much faster than rows of three bytes: four are taken as one number, and
    # computed with a channel at a time.
    pixels = part.view(np.uint32).ravel()
    start = top_row * width + left_column

    def at(offset: int) -> np.ndarray:
        taken = pixels.take(start + offset)
        return np.ascontiguousarray(taken.view(np.uint8).reshape(-1, 4).T[:3])

    upper = (1 - right_share) * at(0)
    upper += right_share * at(1)
    lower = (1 - right_share) * at(width)
    lower += right_share * at(width + 1)
    return ((1 - bottom_share) * upper + bottom_share * lower).T


def _part_around(
    image: np.ndarray, x: np.ndarray, y: np.ndarray
) -> tuple[np.ndarray, int, int]:
    """The part of a picture that points lie in, in a black frame of a pixel.

    Returns:
        `(part, left, top)`: uint8, `[height, width, 4]`, and where in the
        picture its upper left pixel within the frame is.
    """
    spans = []
    for values, length in ((x, image.shape[1]), (y, image.shape[0])):
        low = np.clip(np.floor(values.min()), 0, length - 1)
        high = np.clip(np.floor(values.max()) + 2, low + 1, length)
        spans.append((int(low), int(high)))
    (left, right), (top, bottom) = spans
    part = np.zeros((bottom - top + 2, right - left + 2, 4), np.uint8)
    for channel in range(3):  # long inner loops, not ones of three bytes
        part[1:-1, 1:-1, channel] = image[top:bottom, left:right, channel]
    return part, left, top


def _check_points(name: str, points: npt.ArrayLike) -> np.ndarray:
    points = np.asarray(points, dtype=np.float64)
    if points.ndim != 2 or points.shape[1] != 2 or len(points) < 2:
        raise ValueError(
            f"`{name}` must be [num_points, 2], at least two points. "
            f"Received: {name}.shape={points.shape}"
        )
    if not np.isfinite(points).all():
        raise ValueError(
            f"`{name}` must be finite. Received: {name}={points.tolist()}"
        )
    return points
