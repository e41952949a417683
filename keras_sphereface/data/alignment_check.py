"""Whether the crops of a set look aligned like the template."""

import itertools
import warnings
from typing import NamedTuple

import numpy as np

from keras_sphereface.contract import (
    check_first_images,
    read_images,
    template_for,
)

MIN_IMAGES = 128
_SAMPLE = 256
_MIN_HEIGHT = 56
_GRAY = np.array([0.299, 0.587, 0.114])
# Of a crop 112 pixels high, measured on sets of 64 to 256 aligned faces: dark
# eyes stand this far above and nearer to each other than their centers, since
# brows and the root of the nose are dark too.
_LINE_BIAS, _DISTANCE_BIAS = -1.5, -2.7
_LINE_TOLERANCE, _CENTER_TOLERANCE, _DISTANCE_TOLERANCE = 3.0, 5.5, 4.8
# Eyes in the mean of aligned faces stand out by 0.35 to 0.55 of the deviation
# of a picture, in drawn ones by at least 0.18; where turns of 10 degrees and
# shifts of 6 pixels are usual, by 0.10 to 0.18, and by less than 0.06 where
# they are half as large again.
_MIN_CONTRAST = 0.14


class AlignmentCheck(NamedTuple):
    """Where the eyes are in the mean of many crops.

    Attributes:
        contrast: float, how much darker they are than what is above and below,
            in standard deviations of a picture.
        eye_line: float, pixels from the top.
        eye_center: float, pixels from the left, the middle between both.
        eye_distance: float, pixels.
        faults: list of str, what is not as in the template; empty if all is.
    """

    contrast: float
    eye_line: float
    eye_center: float
    eye_distance: float
    faults: list


def check_alignment(images):
    """Compares the eyes of the mean face with those of the template.

    In the mean of aligned crops two dark spots are left where the eyes are;
    in one of crops that are not, they blur. A sixth too large or too small, or
    four pixels too high or low, is seen; single crops that are off are not.

    Args:
        images: at least 128 of one size, best of as many people as possible,
            in any form of `contract.list_images`.

    Returns:
        `AlignmentCheck`.
    """
    images = read_images("images", images)
    if len(images) < MIN_IMAGES:
        raise ValueError(
            f"`images` must be at least {MIN_IMAGES} images, [num_images, "
            f"height, width, 3]. Received: images.shape={images.shape}"
        )
    grays = images @ _GRAY
    height, width = grays.shape[1:]
    unit = height / 112
    response, sums = _eye_response(grays.mean(axis=0), unit)
    line, left, right = _best_pair(response, unit)
    center = (left + right) / 2
    deviation = float(grays.std(axis=(1, 2)).mean()) + 1e-6
    contrast = float(min(response[line, left], response[line, right]))
    distance = _distance(sums, line, center, unit)
    found = AlignmentCheck(
        contrast / deviation, float(line), center, distance, []
    )
    return found._replace(faults=_faults(found, height, width))


def warn_if_unaligned(faces):
    """Warns if a set of aligned crops does not look like one, or is BGR.

    Sets of fewer than 128 images, or of crops lower than 56 pixels, cannot be
    judged and are not.

    Args:
        faces: `EncodedFaces`.
    """
    if not _can_be_judged(len(faces), *faces.image_size):
        return
    chosen = np.linspace(0, len(faces) - 1, min(len(faces), _SAMPLE), dtype=int)
    images = faces.read_images(chosen)
    check_first_images(images)
    _warn_of(check_alignment(images).faults, "The crops", stacklevel=5)


def warn_if_pairs_unaligned(pairs, name):
    """`warn_if_unaligned` for the first images of a test set.

    Args:
        pairs: `PairSet`.
        name: str, what the warning calls it.
    """
    batches = itertools.islice(pairs.batches(_SAMPLE), 1)
    images = np.concatenate([*batches])
    if _can_be_judged(*images.shape[:3]):
        faults = check_alignment(images).faults
        _warn_of(faults, f"The crops of {name}", stacklevel=4)


def _can_be_judged(count, height, width):
    return (
        count >= MIN_IMAGES and height >= _MIN_HEIGHT and width >= 0.7 * height
    )


def _warn_of(faults, what, stacklevel):
    if faults:
        warnings.warn(
            f"{what} do not look aligned to the five-point template, which "
            f"costs points of accuracy: {'; '.join(faults)}. "
            "tools/align_faces.py aligns photographs, and its contact sheet "
            "shows crops.",
            stacklevel=stacklevel,
        )


def _faults(found, height, width):
    eyes = template_for(height, width)[:2]
    unit = height / 112
    line = float(eyes[:, 1].mean())
    center = float(eyes[:, 0].mean())
    distance = float(eyes[1, 0] - eyes[0, 0])
    if found.contrast < _MIN_CONTRAST:
        return [
            "no eyes are left in the mean of the crops, so the faces are "
            "turned, shifted or scaled from crop to crop"
        ]
    faults = []
    off = found.eye_line - _LINE_BIAS * unit - line
    if abs(off) > _LINE_TOLERANCE * unit:
        faults.append(
            f"the eyes are {abs(off):.0f} pixels too "
            f"{'low' if off > 0 else 'high'}"
        )
    off = found.eye_center - center
    if abs(off) > _CENTER_TOLERANCE * unit:
        faults.append(
            f"the faces are {abs(off):.0f} pixels too far "
            f"{'right' if off > 0 else 'left'}"
        )
    off = found.eye_distance - _DISTANCE_BIAS * unit - distance
    if abs(off) > _DISTANCE_TOLERANCE * unit:
        faults.append(
            f"the faces are about {100 * abs(off) / distance:.0f} % too "
            f"{'large' if off > 0 else 'small'}"
        )
    return faults


def _eye_response(mean, unit):
    """How much darker each place is than above and below; and the sums."""
    sums = np.zeros((mean.shape[0] + 1, mean.shape[1] + 1))
    sums[1:, 1:] = mean.cumsum(axis=0).cumsum(axis=1)
    return _bars(sums, unit, half_width=max(round(7 * unit), 1)), sums


def _bars(sums, unit, half_width):
    half_height = max(round(4 * unit), 1)
    height, width = sums.shape[0] - 1, sums.shape[1] - 1
    response = np.full((height, width), -np.inf)
    rows = slice(3 * half_height, height - 3 * half_height + 1)
    columns = slice(half_width, width - half_width + 1)

    def mean_of(first, last):
        y0 = slice(rows.start + first, rows.stop + first)
        y1 = slice(rows.start + last, rows.stop + last)
        x0 = slice(columns.start - half_width, columns.stop - half_width)
        x1 = slice(columns.start + half_width, columns.stop + half_width)
        box = sums[y1, x1] - sums[y0, x1] - sums[y1, x0] + sums[y0, x0]
        return box / (2 * half_height * 2 * half_width)

    middle = mean_of(-half_height, half_height)
    above = mean_of(-3 * half_height, -half_height)
    below = mean_of(half_height, 3 * half_height)
    # The sums have one row and one column more than the picture.
    bars = np.minimum(above, below) - middle
    response[rows, columns] = bars[
        : height - rows.start, : width - columns.start
    ]
    return response


def _best_pair(response, unit):
    """Row of the eyes, column of each."""
    _height, width = response.shape
    best = (-np.inf, 0, 0, 1)
    for apart in range(round(20 * unit), round(56 * unit)):
        if apart >= width:
            break
        both = np.minimum(response[:, :-apart], response[:, apart:])
        place = int(both.argmax())
        row, column = divmod(place, both.shape[1])
        best = max(best, (float(both[row, column]), row, column, apart))
    _, row, column, apart = best
    return row, column, column + apart


def _distance(sums, line, center, unit):
    """Between the middles of both dark spots."""
    narrow = _bars(sums, unit, half_width=max(round(3 * unit), 1))[line]
    narrow = np.where(np.isfinite(narrow), narrow, 0)
    weights = np.maximum(narrow - 0.3 * narrow.max(), 0)
    x = np.arange(len(weights))
    is_left = x < center
    left, right = weights * is_left, weights * ~is_left
    if not left.sum() or not right.sum():
        return 0.0
    return float(x @ right / right.sum() - x @ left / left.sum())
