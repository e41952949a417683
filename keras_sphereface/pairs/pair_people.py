"""Who is on the images of a pair."""

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
