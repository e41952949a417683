"""Where the images of a `train.rec` are, and whose they are."""

import os
import warnings
from typing import NamedTuple

import numpy as np

from keras_sphereface.data import record_file
from keras_sphereface.data.record_file import DamagedRecordError

_LABEL_WORDS = 6  # flag, label and two 64-bit ids
_LABEL_BYTES = 4 * _LABEL_WORDS
_WHOLE, _FIRST = 0, 1
_MAX_FLAG = 1_000_000  # labels of one record
# Labels are float32, and so are keys where the file speaks of them: past this
# one, neighbors are the same number. Large sets have more.
_LAST_EXACT = 2**24


class RecordIndex(NamedTuple):
    """The image records of a file, in the order of their keys.

    Attributes:
        keys: int64 array, `[num_images]`, as in the `.idx` file.
        offsets: int64 array, `[num_images]`, first byte of the image.
        lengths: int64 array, `[num_images]`, bytes of the image.
        labels: float64 array, `[num_images]`, as stored; of an array of
            labels, the first.
        joined: dict of bytes by position, the images that were cut into parts.
        damages: dict of reasons by name, records that cannot be read.
        ranges: int64 array, `[num_identities, 2]`, first key and end of the
            images of each identity, as the file itself says, where float32
            holds them exactly; may be empty.
        extent: int, number of keys the file itself speaks of, at least, or 0.
    """

    keys: np.ndarray
    offsets: np.ndarray
    lengths: np.ndarray
    labels: np.ndarray
    joined: dict
    damages: dict
    ranges: np.ndarray
    extent: int


def index_records(files, idx_path):
    """Finds the images of a record file, with or without its index.

    Where the index is missing, cannot be read, or is not the one of this file,
    the records are found by scanning, with a warning that says so.

    Args:
        files: `FileRanges` of the one record file.
        idx_path: str, path of the `.idx` file, which need not be there.

    Returns:
        `RecordIndex`.
    """
    content = files.content(0)
    keys, offsets, fault = _read_idx(idx_path, content)
    if fault is None:
        index = _index(files, keys, offsets, {})
        fault = _fault_of(index, keys)
    if fault is None:
        return index
    warnings.warn(
        f"{files.paths[0]} is searched for its records, because {fault}.",
        stacklevel=4,
    )
    offsets, places = record_file.scan(content)
    damages = {
        f"byte {place}": "no record where one should begin" for place in places
    }
    index = _index(files, None, offsets, damages)
    missing = index.extent - len(offsets) - len(places)
    if missing > 0:
        damages = {"the end": f"{missing} records are missing"}
        index.damages.update(damages)
    # Behind a gap, or where record 0 is not known, the keys are not those that
    # the ranges speak of.
    if damages or not index.extent:
        return index._replace(ranges=index.ranges[:0])
    return index


def _read_idx(path, content):
    """`(keys, offsets, fault)`; the fault is `None` if there is none."""
    name = os.path.basename(path)
    if not os.path.exists(path):
        return None, None, f"there is no {name}"
    size = os.path.getsize(path)
    # A record with an image takes 32 bytes or more, and its line 4 to 42.
    if size > 2 * len(content) + 64:
        return None, None, f"{name} is too large to belong to it"
    with open(path, "rb") as file:
        text = file.read()
    lines = text.splitlines()
    fields = text.split()
    if (
        len(fields) != 2 * len(lines)
        or not fields
        or not all(field.isdigit() and len(field) < 19 for field in fields)
        or not text.endswith(b"\n")
    ):
        return None, None, f"{name} is damaged or cut short"
    table = np.array(fields, dtype="S19").astype(np.int64).reshape(-1, 2)
    table = table[np.argsort(table[:, 0], kind="stable")]
    if len(np.unique(table[:, 0])) != len(table):
        return None, None, f"{name} has a key twice"
    if len(np.unique(table[:, 1])) != len(table):
        return None, None, f"{name} leads to one place twice"
    return table[:, 0], table[:, 1], None


def _fault_of(index, keys):
    """Why an index that could be read is not that of the file, or `None`."""
    if len(index.damages) > 0.5 * len(keys):
        return "most lines of its .idx lead to no record"
    missing = index.extent - len(keys)
    if missing > 0:
        return f"its .idx lacks {missing} records"
    return None


def _index(files, keys, offsets, damages):
    """The index of records at known places; without keys, by their ids."""
    content = files.content(0)
    damages = dict(damages)
    kinds, lengths = record_file.frames_at(content, offsets)
    starts = offsets + record_file.HEADER_BYTES
    joined, heads = {}, np.zeros((len(offsets), _LABEL_WORDS), np.int64)
    # A record that reaches into the next one is none, or bytes would count
    # more than once.
    limits = _next_offsets(offsets, kinds, len(content))
    kinds[(kinds == _WHOLE) & (starts + lengths > limits)] = -1
    is_whole = (kinds == _WHOLE) & (lengths >= _LABEL_BYTES)
    for chunk in _chunks(np.flatnonzero(is_whole)):
        heads[chunk] = record_file.read_words(
            content, starts[chunk], _LABEL_WORDS
        )
    payloads, parts_missing = {}, {}
    for row in np.flatnonzero(kinds == _FIRST):
        try:
            payload = record_file.join_parts(
                content, int(offsets[row]), int(limits[row])
            )
        except DamagedRecordError as error:
            parts_missing[row] = str(error)
            continue
        if len(payload) >= _LABEL_BYTES:
            payloads[row] = payload
            lengths[row] = len(payload)
            heads[row] = np.frombuffer(payload, "<u4", _LABEL_WORDS)
            is_whole[row] = True
    if keys is None:
        keys = _keys_of(heads)
    for row, reason in parts_missing.items():
        damages[f"record {keys[row]}"] = reason
    flags = heads[:, 0]
    label_ends = _LABEL_BYTES + 4 * flags
    is_good = is_whole & (flags <= _MAX_FLAG) & (label_ends <= lengths)
    for row in np.flatnonzero(~is_good):
        damages.setdefault(
            f"record {keys[row]}", f"no record at byte {offsets[row]}"
        )
    labels, second = _labels(content, starts, heads, is_good, payloads)
    is_image = is_good & (lengths > label_ends)
    rows = np.flatnonzero(is_image)
    rows = rows[np.argsort(keys[rows], kind="stable")]
    # Records without an image have two labels: record 0 the keys of the
    # identities, those the keys of their images.
    others = np.flatnonzero(is_good & ~is_image & (flags == 2))
    ranges = np.stack([labels[others], second[others]], axis=1)
    is_first = keys[others] == 0
    first_identity, extent = ranges[is_first].sum(axis=0)
    first_identity = _least_before_rounding(first_identity)
    extent = _least_before_rounding(extent)
    ranges = ranges[~is_first]
    is_key = (np.abs(ranges) <= _LAST_EXACT).all(axis=1)
    for position, row in enumerate(rows):
        if row in payloads:
            joined[position] = payloads[row][int(label_ends[row]) :]
        if len(joined) == len(payloads):
            break
    is_expected = (flags < 2) | ((keys > 0) & (keys < first_identity))
    _name_empty_images(keys, is_good & ~is_image & is_expected, damages)
    return RecordIndex(
        keys[rows],
        (starts + label_ends)[rows],
        (lengths - label_ends)[rows],
        labels[rows],
        joined,
        damages,
        ranges[is_key].astype(np.int64),
        extent,
    )


def _next_offsets(offsets, kinds, size):
    """Where the next record of the index begins, or the end of the file."""
    order = np.argsort(offsets, kind="stable")
    order = order[np.isin(kinds[order], (_WHOLE, _FIRST))]
    limits = np.full(len(offsets), size, np.int64)
    limits[order[:-1]] = offsets[order[1:]]
    return limits


def _keys_of(heads):
    """Keys of records in the order of the file, by the ids they have.

    InsightFace's `RecBuilder` writes record 0 last. Tools that leave the ids
    out write the records in the order of their keys.
    """
    count = len(heads)
    ids = heads[:, 2] + (heads[:, 3] << 32)
    if np.array_equal(np.sort(ids), np.arange(count)):
        return ids
    return np.arange(count)


def _least_before_rounding(value):
    """The least whole number that is this float32, or 0 for no count."""
    if not 0 < value < 2**32:
        return 0
    return int(value) - int(np.spacing(np.float32(value)) // 2)


def _labels(content, starts, heads, is_good, payloads):
    """First and second label of each record, NaN where there is none."""
    flags = heads[:, 0]
    own = heads[:, 1].astype("<u4").view("<f4").astype(np.float64)
    first, second = np.where(is_good, own, np.nan), np.full(len(flags), np.nan)
    for column, target in enumerate((first, second)):
        rows = np.flatnonzero(is_good & (flags > column))
        in_file = rows[[row not in payloads for row in rows]]
        for chunk in _chunks(in_file.astype(np.int64)):
            places = starts[chunk] + _LABEL_BYTES + 4 * column
            words = record_file.read_words(content, places, 1)[:, 0]
            target[chunk] = words.astype("<u4").view("<f4")
        for row in rows[[row in payloads for row in rows]]:
            place = _LABEL_BYTES + 4 * column
            target[row] = np.frombuffer(payloads[row], "<f4", 1, place)[0]
    return first, second


def _name_empty_images(keys, is_empty, damages):
    for key in keys[is_empty]:
        damages[f"record {key}"] = "no image in it"


def _chunks(rows, size=65_536):
    return np.split(rows, range(size, len(rows), size))
