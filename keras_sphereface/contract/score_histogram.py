"""How scores of both kinds of pairs were distributed when measured."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

BINS = 40


@dataclass(frozen=True)
class ScoreHistogram:
    """Counts of scores in equal parts of `[-1, 1]`; no score, no image.

    Args:
        genuine: tuple of ints, at least two, pairs of one person in each part.
        impostor: tuple of as many ints, pairs of two people.
    """

    genuine: tuple[int, ...]
    impostor: tuple[int, ...]

    def __post_init__(self) -> None:
        for name in ("genuine", "impostor"):
            counts = getattr(self, name)
            if (
                not isinstance(counts, (tuple, list))
                or len(counts) < 2
                or not all(type(n) is int and n >= 0 for n in counts)
                or not any(counts)
            ):
                raise ValueError(
                    f"`{name}` must be counts, two or more, not all zero. "
                    f"Received: {name}={counts!r}"
                )
            object.__setattr__(self, name, tuple(counts))
        if len(self.genuine) != len(self.impostor):
            raise ValueError(
                "`impostor` must have as many counts as `genuine`, "
                f"{len(self.genuine)}. Received: {len(self.impostor)}"
            )

    @classmethod
    def of(
        cls, *, scores: npt.ArrayLike, is_same: npt.ArrayLike
    ) -> "ScoreHistogram":
        """Counts measured scores.

        Args:
            scores: float in `[-1, 1]`, `[num_pairs]`.
            is_same: bool, `[num_pairs]`, both kinds among them.

        Returns:
            `ScoreHistogram`.
        """
        scores, is_same = np.asarray(scores), np.asarray(is_same)
        parts = part_of(scores, BINS)
        genuine, impostor = (
            np.bincount(parts[kind], minlength=BINS).tolist()
            for kind in (is_same, ~is_same)
        )
        return cls(tuple(genuine), tuple(impostor))

    def to_dict(self) -> dict[str, Any]:
        """The counts as JSON types."""
        return asdict(self)


def part_of(scores: npt.ArrayLike, bins: int) -> np.ndarray:
    """Which of the equal parts of `[-1, 1]` scores are in.

    Args:
        scores: float, any shape.
        bins: int, number of parts.

    Returns:
        int array in `[0, bins)`, shaped as `scores`.
    """
    parts = np.floor((np.asarray(scores, np.float64) + 1) / 2 * bins)
    return np.clip(parts, 0, bins - 1).astype(int)
