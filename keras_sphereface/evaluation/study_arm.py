"""A head with its arguments and a learning rate, over all seeds of a study."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from keras_sphereface.evaluation.intervals import Interval, mean_interval
from keras_sphereface.evaluation.run_outcome import OUTCOMES, run_outcome
from keras_sphereface.evaluation.study_run import StudyRun, head_label

# What a stability map varies within a kind of head.
_OF_THE_MAP = ("margin", "detach")


class SeedMean(NamedTuple):
    """A mean over seeds.

    Args:
        mean: float.
        interval: `(low, high)`, Student's 95 % interval of the mean, or `None`
            with one seed.
        num_seeds: int.
    """

    mean: float
    interval: Interval | None
    num_seeds: int

    @property
    def is_clear(self) -> bool:
        """Whether 0 is outside the interval."""
        if self.interval is None:
            return False
        low, high = self.interval
        return low > 0 or high < 0


@dataclass(frozen=True)
class StudyArm:
    """A head with its arguments and a learning rate, over all seeds.

    Args:
        runs: tuple of `StudyRun`, by ascending seed, at least one.
        outcomes: tuple of str, of each run, as `run_outcome` says.
        accuracy: `SeedMean` of `StudyRun.worth`.
        difference: `SeedMean` of this accuracy minus that of the baseline at
            the same seed and learning rate; `None` of the baseline itself, and
            without one.
    """

    runs: tuple[StudyRun, ...]
    outcomes: tuple[str, ...]
    accuracy: SeedMean
    difference: SeedMean | None

    @property
    def label(self) -> str:
        """The head and its arguments as text."""
        return self.runs[0].label

    @property
    def kind(self) -> str:
        """The label without margin and detachment."""
        return kind_of(self.runs[0])

    @property
    def arguments(self) -> Mapping[str, Any]:
        """What the study gives the head."""
        return self.runs[0].arguments

    @property
    def learning_rate(self) -> float:
        """That of all runs."""
        return self.runs[0].learning_rate

    @property
    def worst_outcome(self) -> str:
        """The worst of all seeds."""
        return max(self.outcomes, key=OUTCOMES.index)

    @property
    def outcome_text(self) -> str:
        """How many seeds had which outcome, such as `1 collapsed, 2 trained`.

        The worst stands first.
        """
        return ", ".join(
            f"{self.outcomes.count(outcome)} {outcome}"
            for outcome in reversed(OUTCOMES)
            if outcome in self.outcomes
        )

    def mean_of(self, name: str) -> float | None:
        """The mean of a number over the runs that have it.

        Args:
            name: str, field of `StudyRun`.

        Returns:
            Float, or `None` where no run has it.
        """
        values = [getattr(run, name) for run in self.runs]
        known = [value for value in values if value is not None]
        return sum(known) / len(known) if known else None

    def to_dict(self) -> dict[str, Any]:
        """The arm as JSON types, without the histories of its runs."""
        return {
            "label": self.label,
            "learning_rate": self.learning_rate,
            "seeds": [run.seed for run in self.runs],
            "accuracies": [run.accuracy for run in self.runs],
            "outcomes": list(self.outcomes),
            "accuracy": _mean_dict(self.accuracy),
            "difference": _mean_dict(self.difference),
            "target_angle": self.mean_of("target_angle"),
            "norm": self.mean_of("norm"),
            "seconds": self.mean_of("seconds"),
        }


def make_arm(
    runs: Sequence[StudyRun],
    baseline: Sequence[StudyRun],
    *,
    best_accuracy: float,
    degraded_by: float,
) -> StudyArm:
    """The arm of some runs.

    Args:
        runs: `StudyRun`s that differ in their seed only, at least one.
        baseline: those of the baseline at the same learning rate; none without
            a baseline.
        best_accuracy: float, see `run_outcome`.
        degraded_by: float, see `run_outcome`.

    Returns:
        `StudyArm`.
    """
    runs = sorted(runs, key=lambda run: run.seed)
    others = {run.seed: run.worth for run in baseline}
    is_baseline = bool(baseline) and runs[0].label == baseline[0].label
    differences = [
        run.worth - others[run.seed]
        for run in runs
        if run.seed in others and not is_baseline
    ]
    return StudyArm(
        runs=tuple(runs),
        outcomes=tuple(
            run_outcome(run, best_accuracy, degraded_by=degraded_by)
            for run in runs
        ),
        accuracy=seed_mean([run.worth for run in runs]),
        difference=seed_mean(differences) if differences else None,
    )


def seed_mean(values: Sequence[float]) -> SeedMean:
    """The mean of one number per seed.

    Args:
        values: float, at least one.

    Returns:
        `SeedMean`.
    """
    return SeedMean(float(np.mean(values)), mean_interval(values), len(values))


def kind_of(run: StudyRun) -> str:
    """The label of a run without margin and detachment.

    Args:
        run: `StudyRun`.

    Returns:
        str.
    """
    kept = {k: v for k, v in run.arguments.items() if k not in _OF_THE_MAP}
    return head_label(run.head, kept)


def _mean_dict(found: SeedMean | None) -> dict[str, Any] | None:
    if found is None:
        return None
    interval = None if found.interval is None else list(found.interval)
    return {
        "mean": found.mean,
        "interval": interval,
        "num_seeds": found.num_seeds,
    }
