"""Whether scores seen in use are those a threshold was measured on."""

import math
import warnings
from typing import Any

import numpy as np

from keras_sphereface.contract.score_histogram import ScoreHistogram, part_of
from keras_sphereface.edge.fork_lock import ForkLock

# Scores after which it looks for the first time; then at every doubling.
FIRST_LOOK = 200
# In units of Kolmogorov and Smirnov: one of a thousand draws from the measured
# distributions themselves is farther from their nearest mixture. Kolmogorov's
# own 1.95 is for one distribution that nothing was fitted to.
_CRITICAL = 1.4
# What is left alone however many scores there are: people at a door come back,
# and one threshold serves both distributions.
_TOLERATED = 0.03
_SHARES = np.linspace(0, 1, 101)


class ScoreDriftWarning(UserWarning):
    """Scores in use are distributed otherwise than where they were measured."""


class ScoreDrift:
    """Counts the scores of a verifier and compares them with the manifest's.

    Counts of forty parts of `[-1, 1]` are all it keeps: no image, no embedding,
    no order. How many of the seen pairs are genuine nobody tells it, so it
    takes the mixture of both measured distributions that comes nearest; what
    remains is the distance between the two cumulative distributions. Threads
    may share it.

    Args:
        measured: `contract.ScoreHistogram` of the manifest.
        data: str, what that was measured on. Defaults to `"the manifest's
            pairs"`.
    """

    def __init__(
        self, measured: ScoreHistogram, data: str = "the manifest's pairs"
    ) -> None:
        self._measured = measured
        self._data = data
        self._counts = np.zeros(len(measured.genuine), np.int64)
        self._next_look = FIRST_LOOK
        self._lock = ForkLock()

    @property
    def counts(self) -> tuple[int, ...]:
        """How many scores were seen in each part of `[-1, 1]`."""
        return tuple(self._counts.tolist())

    @property
    def total(self) -> int:
        """How many scores were seen."""
        return int(self._counts.sum())

    def add(self, score: float) -> None:
        """Counts a score, and warns where it is time and there is a drift.

        Args:
            score: float in `[-1, 1]`.
        """
        with self._lock:
            self._counts[part_of(score, len(self._counts))] += 1
            if self.total < self._next_look:
                return
            self._next_look *= 2
        if self.is_drifted():
            warnings.warn(
                f"{self.total:,} scores seen are not distributed like those "
                f"of {self._data}, on which the thresholds were measured: "
                f"distance {self.distance():.2f}, and {self.expected():.2f} "
                "would be chance. The false accept rate may be another; "
                "tools/set_threshold.py measures it on pairs of your own",
                ScoreDriftWarning,
                stacklevel=3,
            )

    def distance(self) -> float:
        """Largest distance of the cumulative distributions, in `[0, 1]`.

        `0` before the first score.
        """
        if not self.total:
            return 0.0
        seen = np.cumsum(self._counts) / self.total
        genuine, impostor = (
            np.cumsum(counts) / np.sum(counts)
            for counts in (self._measured.genuine, self._measured.impostor)
        )
        mixtures = impostor + _SHARES[:, None] * (genuine - impostor)
        return float(np.abs(mixtures - seen).max(axis=1).min())

    def expected(self) -> float:
        """The distance that as many scores may have by chance."""
        pairs = min(sum(self._measured.genuine), sum(self._measured.impostor))
        total = max(self.total, 1)
        chance = _CRITICAL * math.sqrt((total + pairs) / (total * pairs))
        return min(chance + _TOLERATED, 1.0)

    def is_drifted(self) -> bool:
        """Whether the distance is more than chance, after enough scores."""
        return self.total >= FIRST_LOOK and self.distance() > self.expected()

    def to_dict(self) -> dict[str, Any]:
        """The counts and what comes of them, as JSON types."""
        return {
            "counts": list(self.counts),
            "total": self.total,
            "distance": self.distance(),
            "expected": self.expected(),
            "is_drifted": self.is_drifted(),
        }
