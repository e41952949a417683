"""The same threshold for everyone: whom does it fail more often?"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import PurePath
from typing import Any

import numpy as np
import numpy.typing as npt

from keras_sphereface.contract.arguments import check_number
from keras_sphereface.evaluation.curves import check_scores
from keras_sphereface.evaluation.intervals import Interval, rate_interval
from keras_sphereface.evaluation.text_table import (
    interval_text,
    percent,
    text_table,
)
from keras_sphereface.files.text_file import read_csv_rows
from keras_sphereface.pairs import PairSet

MIXED = "(two groups)"
ALL = "(all)"
UNKNOWN = "(not known)"


@dataclass(frozen=True)
class GroupRates:
    """How the pairs of one group fare at the shared threshold.

    Args:
        group: str.
        genuine_pairs: int.
        impostor_pairs: int.
        tar: float in `[0, 1]`, share of genuine pairs accepted; `None` without
            genuine pairs.
        tar_interval: `(low, high)`, exact binomial 95 %, or `None`.
        far: float in `[0, 1]`, share of impostor pairs accepted; `None`
            without impostor pairs.
        far_interval: `(low, high)`, exact binomial 95 %, or `None`.
    """

    group: str
    genuine_pairs: int
    impostor_pairs: int
    tar: float | None
    tar_interval: Interval | None
    far: float | None
    far_interval: Interval | None


@dataclass(frozen=True)
class GroupReport:
    """Rates of all groups at one threshold; print it to see a table.

    Args:
        attribute: str, what the groups are groups of.
        threshold: float, the same for all.
        groups: tuple of `GroupRates`, all pairs first, then the groups by
            name, then pairs of two groups.
    """

    attribute: str
    threshold: float
    groups: tuple[GroupRates, ...]

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON types."""
        return {**asdict(self), "groups": [asdict(g) for g in self.groups]}

    header = (
        "group",
        "genuine pairs",
        "TAR",
        "95 %",
        "impostor pairs",
        "FAR",
        "95 %",
    )

    def rows(self) -> list[tuple[str, ...]]:
        """One row per group, as text."""
        return [
            (
                rates.group,
                f"{rates.genuine_pairs:,}",
                "-" if rates.tar is None else percent(rates.tar),
                _text(rates.tar_interval),
                f"{rates.impostor_pairs:,}",
                "-" if rates.far is None else percent(rates.far),
                _text(rates.far_interval),
            )
            for rates in self.groups
        ]

    def table(self) -> str:
        """The report as aligned text."""
        title = f"by {self.attribute}, score >= {self.threshold:.4f}"
        return f"{title}\n{text_table(self.header, self.rows())}"

    def __str__(self) -> str:
        return self.table()


def compare_groups(
    *,
    scores: npt.ArrayLike,
    is_same: npt.ArrayLike,
    groups: npt.ArrayLike,
    threshold: float,
    attribute: str = "group",
) -> GroupReport:
    """Error rates of each group of people at one shared threshold.

    A pair belongs to a group if both images do; impostor pairs between two
    groups are easier and stand apart. The intervals are binomial: few people
    in many pairs make them too narrow.

    Args:
        scores: float, `[num_pairs]`, higher means more similar.
        is_same: bool, `[num_pairs]`.
        groups: str, `[num_pairs, 2]`, the group on both images.
        threshold: float.
        attribute: str, what the groups are groups of. Defaults to `"group"`.

    Returns:
        `GroupReport`.
    """
    scores, is_same = check_scores(scores, is_same)
    groups = np.asarray(groups)
    if groups.shape != (len(scores), 2) or groups.dtype.kind != "U":
        raise ValueError(
            "`groups` must be str, [num_pairs, 2]. Received: "
            f"groups.dtype={groups.dtype}, groups.shape={groups.shape} with "
            f"{len(scores)} pairs"
        )
    threshold = check_number("threshold", threshold)
    accepted = scores >= threshold
    is_one_group = groups[:, 0] == groups[:, 1]
    members = {ALL: np.ones(len(scores), bool)}
    for group in np.unique(groups).tolist():
        members[group] = is_one_group & (groups[:, 0] == group)
    if not is_one_group.all():
        members[MIXED] = ~is_one_group
    return GroupReport(
        attribute=attribute,
        threshold=float(threshold),
        groups=tuple(
            _rates(group, accepted[member], is_same[member])
            for group, member in members.items()
        ),
    )


def read_attributes(
    path: str | os.PathLike, pairs: PairSet
) -> dict[str, np.ndarray]:
    """Reads a CSV of attributes for the images of a pair set.

    The first column names a person, as the folders of the images do, or an
    image by its path or the last parts of it, `Ann/Ann_0001.jpg`. The first
    line names the attributes: `person,sex,age`. People and images that are in
    no pair are passed over; images that the file does not name are of the
    group `"(not known)"`.

    Args:
        path: str or path of the CSV file.
        pairs: `PairSet`.

    Returns:
        Dict of str arrays `[num_pairs, 2]` by attribute: the `groups` of
        `compare_groups`.
    """
    lines = read_csv_rows(path)
    if len(lines) < 2 or len(lines[0][1]) < 2:
        raise ValueError(
            f"{path}: the first line must name a column for people or images "
            "and at least one attribute, and others must follow. "
            f"Received: {len(lines)} lines"
        )
    (_, header), *lines = lines
    values: dict[str, list[str]] = {}
    for number, line in lines:
        key = line[0].strip()
        if len(line) != len(header):
            raise ValueError(
                f"{path}, line {number}: must have {len(header)} fields, as "
                f"the first. Received: {len(line)}"
            )
        if key in values:
            raise ValueError(f"{path}, line {number}: {key!r} appears twice")
        values[key] = [value.strip() or UNKNOWN for value in line[1:]]
    unknown = [UNKNOWN] * (len(header) - 1)
    found = [_find(values, pairs, index) for index in range(len(pairs.images))]
    if not any(found):
        raise ValueError(
            f"{path}: names no person or image of the pairs. "
            f"Received: {next(iter(values))!r} and such, for images such as "
            f"{pairs.names[0]!r}"
        )
    table = np.array([row or unknown for row in found])
    return {
        name.strip(): np.stack(
            [table[pairs.index_a, column], table[pairs.index_b, column]],
            axis=1,
        )
        for column, name in enumerate(header[1:])
    }


def _find(
    values: Mapping[str, Sequence[str]], pairs: PairSet, index: int
) -> Sequence[str] | None:
    """The values of the image's name, of the end of it, or of its person."""
    parts = PurePath(pairs.names[index]).parts
    for start in range(len(parts)):
        row = values.get("/".join(parts[start:]))
        if row is not None:
            return row
    if pairs.people is None:
        return None
    return values.get(str(pairs.people[index]))


def _rates(group: str, accepted: np.ndarray, is_same: np.ndarray) -> GroupRates:
    tar, tar_interval = _rate(accepted[is_same])
    far, far_interval = _rate(accepted[~is_same])
    return GroupRates(
        group=group,
        genuine_pairs=int(is_same.sum()),
        impostor_pairs=int(np.sum(~is_same)),
        tar=tar,
        tar_interval=tar_interval,
        far=far,
        far_interval=far_interval,
    )


def _rate(accepted: np.ndarray) -> tuple[float | None, Interval | None]:
    """The share of pairs that are accepted, and its interval."""
    if not len(accepted):
        return None, None
    hits = int(accepted.sum())
    return hits / len(accepted), rate_interval(hits, len(accepted))


def _text(interval: Interval | None) -> str:
    return "" if interval is None else interval_text(interval)
