"""What the runs of a study say about its heads."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from keras_sphereface.evaluation.intervals import Interval
from keras_sphereface.evaluation.study_arm import (
    SeedMean,
    StudyArm,
    kind_of,
    make_arm,
    seed_mean,
)
from keras_sphereface.evaluation.study_run import StudyRun
from keras_sphereface.evaluation.text_table import (
    interval_text,
    percent,
    text_table,
)

_Groups = dict[tuple[str, float], list[StudyRun]]


@dataclass(frozen=True)
class StudySummary:
    """All arms of a study; print it to see a table.

    Args:
        arms: tuple of `StudyArm`, in the order of the study.
        baseline: str, label of the head that the others are compared with, or
            `None`.
        degraded_by: float, see `run_outcome`.
        data: str, what was trained on and what was verified.
    """

    arms: tuple[StudyArm, ...]
    baseline: str | None
    degraded_by: float
    data: str

    @property
    def header(self) -> tuple[str, ...]:
        """What stands over the columns of `rows`."""
        minus = ("minus the baseline", "95 %", "")
        return (
            "head",
            "learning rate",
            "ten-fold accuracy",
            "95 %",
            *(() if self.baseline is None else minus),
            "outcome",
            "target angle",
            "norm",
            "seconds",
        )

    def rows(self) -> list[tuple[str, ...]]:
        """One row per arm, as text."""
        return [
            (
                arm.label,
                f"{arm.learning_rate:g}",
                percent(arm.accuracy.mean),
                _interval(arm.accuracy),
                *(() if self.baseline is None else self._minus(arm)),
                arm.outcome_text,
                _number(arm.mean_of("target_angle"), "{:.0f}°"),
                _number(arm.mean_of("norm"), "{:.3g}"),
                _number(arm.mean_of("seconds"), "{:.0f}"),
            )
            for arm in self.arms
        ]

    def table(self) -> str:
        """The arms as aligned text."""
        lines = [self.data, text_table(self.header, self.rows())]
        if self.baseline is not None:
            lines.append(f"The baseline is {self.baseline}.")
        return "\n".join(lines)

    def __str__(self) -> str:
        return self.table()

    def to_dict(self) -> dict[str, Any]:
        """The summary as JSON types, without the histories of the runs."""
        return {
            "data": self.data,
            "baseline": self.baseline,
            "degraded_by": self.degraded_by,
            "arms": [arm.to_dict() for arm in self.arms],
        }

    def _minus(self, arm: StudyArm) -> tuple[str, str, str]:
        found = arm.difference
        if found is None:
            return ("baseline" if arm.label == self.baseline else "", "", "")
        interval = "" if found.interval is None else _signed(found.interval)
        return (f"{100 * found.mean:+.2f}", interval, _verdict(found))


def summarize_study(
    runs: Iterable[StudyRun],
    *,
    baseline: str | None = None,
    degraded_by: float = 0.05,
) -> StudySummary:
    """Means, intervals, differences and outcomes of the runs of a study.

    A run that failed counts as a coin, 50 %, which is what its network is
    worth: left out, it would make its head look better.

    Args:
        runs: `StudyRun`s of the same data, at least one. An arm stands where
            its first run does.
        baseline: str, label of a head of the study, or its name where no other
            has it, which the others are compared with. Defaults to `None`.
        degraded_by: float in `(0, 1)`, see `run_outcome`. Defaults to `0.05`.

    Returns:
        `StudySummary`.
    """
    groups: _Groups = {}
    for run in runs:
        groups.setdefault((run.label, run.learning_rate), []).append(run)
    data = _data_of(groups)
    if baseline is not None:
        firsts = [group[0] for group in groups.values()]
        baseline = find_label({run.label: run.head for run in firsts}, baseline)
    best: dict[str, float] = {}
    for group in groups.values():
        kind, found = kind_of(group[0]), seed_mean([run.worth for run in group])
        best[kind] = max(best.get(kind, 0.0), found.mean)
    return StudySummary(
        arms=tuple(
            make_arm(
                group,
                [] if baseline is None else groups.get((baseline, rate), []),
                best_accuracy=best[kind_of(group[0])],
                degraded_by=degraded_by,
            )
            for (_, rate), group in groups.items()
        ),
        baseline=baseline,
        degraded_by=degraded_by,
        data=data,
    )


def find_label(heads: dict[str, str], baseline: str) -> str:
    """The label of the head that a study compares the others with.

    Args:
        heads: dict of the name of each head by its label.
        baseline: str, one of the labels, or a name that one head has.

    Returns:
        str, the label.
    """
    if baseline in heads:
        return baseline
    found = [label for label, name in heads.items() if name == baseline]
    if len(found) != 1:
        raise ValueError(
            "`baseline` must be one head of the study, of "
            f"{list(heads)}. Received: baseline={baseline!r}"
        )
    return found[0]


def _data_of(groups: _Groups) -> str:
    sets = list(
        dict.fromkeys(
            run.data
            for group in groups.values()
            for run in group
            if not run.failure
        )
    )
    if len(sets) > 1 or not groups:
        raise ValueError(
            "`runs` must be of the same data, at least one. "
            f"Received: runs of {sets}"
        )
    for (label, rate), group in groups.items():
        seeds = [run.seed for run in group]
        if len(set(seeds)) < len(seeds):
            raise ValueError(
                "`runs` must have one run per head, learning rate and seed. "
                f"Received: {label}, {rate:g}, of seeds {sorted(seeds)}"
            )
    return "".join(sets)


def _interval(found: SeedMean) -> str:
    return "" if found.interval is None else interval_text(found.interval)


def _signed(interval: Interval) -> str:
    low, high = interval
    return f"[{100 * low:+.2f}, {100 * high:+.2f}]"


def _verdict(found: SeedMean) -> str:
    if found.interval is None:
        return "one seed"
    if not found.is_clear:
        return "not clear"
    return "better" if found.mean > 0 else "worse"


def _number(value: float | None, form: str) -> str:
    return "-" if value is None else form.format(value)
