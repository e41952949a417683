"""The file `property` beside records, and whether the labels agree with it."""

import os
import warnings

import numpy as np

MAX_CLASSES = 2**24  # a label is stored as a float32
_MAX_BYTES = 4096
# Classes without an image cost memory; so many are a wrong number.
_FREE_CLASSES, _CLASSES_PER_IMAGE = 1_000_000, 100
_MANY_EMPTY = 0.1


def read_property(path):
    """The first line of a `property` file, `10572,112,112`.

    Lines behind it, which some tools write, are passed over, as are comments
    and a byte-order mark.

    Args:
        path: str, path of the file, which need not be there.

    Returns:
        `(num_classes, image_size)`, or `(None, None)` without the file.
    """
    if not os.path.exists(path):
        return None, None
    with open(path, "rb") as file:
        text = file.read(_MAX_BYTES).decode("utf-8-sig", "replace")
    lines = [line.partition("#")[0].strip() for line in text.splitlines()]
    fields = next(filter(None, lines), "").split(",")
    if len(fields) != 3 or not all(map(_is_size, fields)):
        raise ValueError(
            "`property` must say number of identities, height and width, such "
            f"as 10572,112,112. Received: {text[:80]!r} in {path}"
        )
    num_classes, height, width = map(int, fields)
    return num_classes, (height, width)


def check_labels(labels, num_classes, path):
    """Compares the labels of a file with its `property`.

    A single label that is none is damage, and is left out. What contradicts
    the number of identities throughout is an error, so that nobody is dropped
    in silence; and many identities without an image are said.

    Args:
        labels: float array, `[num_images]`, as stored.
        num_classes: int, what `property` says, or `None`.
        path: str, what errors call the file.

    Returns:
        `(is_label, num_classes)`: bool array, `[num_images]`, and the number
        of identities, by the labels where `property` does not say it.
    """
    is_whole = (labels >= 0) & (labels < MAX_CLASSES)
    is_whole &= np.where(is_whole, labels, 0.5) % 1 == 0
    limit = num_classes or MAX_CLASSES
    is_label = is_whole & (labels < limit)
    if np.count_nonzero(is_whole & ~is_label) > 1:
        raise _contradiction(labels[is_whole], num_classes, path)
    if np.count_nonzero(~is_label) > 0.5 * len(labels):
        raise ValueError(
            f"Labels must be whole numbers in [0, {limit}), which `property` "
            "says if it is there. Received: label "
            f"{labels[~is_label][0]} in {path}"
        )
    used = np.unique(labels[is_label].astype(np.int64))
    count = num_classes or int(used[-1]) + 1
    most = _FREE_CLASSES + _CLASSES_PER_IMAGE * len(labels)
    if count > most:
        raise ValueError(
            "Labels must count the identities from 0 on. Received: "
            f"{_range_of(used)} and {count} identities for {len(labels)} "
            f"images in {path}"
        )
    _warn_of_empty(used, count, path)
    return is_label, count


def _contradiction(labels, num_classes, path):
    low, high = int(labels.min()), int(labels.max())
    likely = "is it that of another set?"
    if low == 1 and high == num_classes:
        likely = (
            "do they start at 1? They must start at 0, or `property` must say "
            f"{high + 1} and leave class 0 empty."
        )
    return ValueError(
        "`property` must say how many identities the labels count from 0 on. "
        f"Received: labels run {low}..{high}, property says {num_classes}: "
        f"{likely} ({path})"
    )


def _warn_of_empty(used, count, path):
    empty = count - len(used)
    starts_at_one = used[0] == 1 and len(used) == count - 1
    if empty <= _MANY_EMPTY * count and not starts_at_one:
        return
    likely = ""
    if starts_at_one:
        likely = " Do the labels start at 1? Class 0 has nothing to learn from."
    warnings.warn(
        f"{empty} of {count} identities of {path} have no image; their "
        f"classes take memory and time: {_range_of(used)}.{likely}",
        stacklevel=4,
    )


def _range_of(used):
    few = ", ".join(map(str, used[:4].tolist()))
    more = f", ..., {used[-1]}" if len(used) > 4 else ""
    return f"labels {few}{more}"


def _is_size(field):
    field = field.strip()
    return (
        field.isascii()
        and field.isdecimal()
        and len(field) < 10
        and 0 < int(field) <= MAX_CLASSES
    )
