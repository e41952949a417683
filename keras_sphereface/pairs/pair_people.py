"""Who is on the images of a pair."""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt


def check_people(people: npt.ArrayLike, is_same: np.ndarray) -> np.ndarray:
    """Returns who is in which pair, or says what is wrong.

    Args:
        people: int or str, `[num_pairs, 2]`.
        is_same: bool, `[num_pairs]`; true exactly where both are one person.

    Returns:
        Array, `[num_pairs, 2]`.
    """
    people = np.asarray(people)
    if people.shape != (len(is_same), 2) or people.dtype.kind not in "iuU":
        raise ValueError(
            "`people` must be int or str, [num_pairs, 2]. Received: "
            f"people.dtype={people.dtype}, people.shape={people.shape} with "
            f"{len(is_same)} pairs"
        )
    wrong = np.flatnonzero((people[:, 0] == people[:, 1]) != is_same)
    if len(wrong):
        raise ValueError(
            "`people` must be equal in pairs of one person and differ in all "
            f"others. Received: people[{wrong[0]}]="
            f"{people[wrong[0]].tolist()} with is_same[{wrong[0]}]="
            f"{bool(is_same[wrong[0]])}"
        )
    return people


def people_of_names(
    pairs: Sequence[Sequence[Path]], is_same: Sequence[bool]
) -> dict[Path, str] | None:
    """Who is on the images, where their names say so without exception.

    A name says it by its folder, `Ann/7.jpg`, by what is before its number,
    `Ann_0007.jpg`, or as in AgeDB, `123_Ann_50_f.jpg`.

    Args:
        pairs: list of two paths each.
        is_same: list of bool, one per pair.

    Returns:
        Dict of str by path; `None` if for each way a pair disagrees.
    """
    paths = list(dict.fromkeys(path for pair in pairs for path in pair))
    for name_of in (_folder_of, _start_of, _person_of_agedb):
        people = {path: name_of(path) for path in paths}
        names = set(people.values())
        if (
            "" not in names
            and len(names) > 1
            and all(
                (people[a] == people[b]) == same
                for (a, b), same in zip(pairs, is_same, strict=True)
            )
        ):
            return people
    return None


def _folder_of(path: Path) -> str:
    return path.parent.name


def _start_of(path: Path) -> str:
    found = re.fullmatch(r"(.+?)_\d{1,8}(_0)?", path.stem)
    return found[1] if found else ""


def _person_of_agedb(path: Path) -> str:
    found = re.fullmatch(r"\d+_([^_]+)_\d+_[mf](_0)?", path.stem)
    return found[1] if found else ""
