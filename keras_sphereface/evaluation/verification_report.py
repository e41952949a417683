"""What a verification run measured, for people and for files."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from keras_sphereface.contract import OperatingPoint
from keras_sphereface.evaluation.curves import Roc
from keras_sphereface.evaluation.intervals import Interval
from keras_sphereface.evaluation.text_table import (
    far_text,
    interval_text,
    percent,
    text_table,
)


@dataclass(frozen=True)
class VerificationReport:
    """The result of one verification run; print it to see a table.

    All intervals are 95 % intervals.

    Args:
        accuracy: float in `[0, 1]`, mean over the folds, each decided at the
            threshold that is best on the others; `None` without folds.
        accuracy_std: float, standard deviation over the folds (of the folds
            themselves, divided by their number); `None` without folds.
        auc: float in `[0, 1]`, area under the ROC curve.
        equal_error: float in `[0, 1]`, equal error rate.
        tar_at_far: dict of float to float, true accept rate by false accept
            rate. A rate that the pairs cannot measure is left out and stands
            in `notes`.
        operating_points: tuple of `OperatingPoint`, the thresholds behind
            `tar_at_far`, ready for an exported model.
        num_pairs: int.
        name: str, what was measured.
        notes: tuple of str, what could not be measured, or not well, and why.
            Defaults to `()`.
        roc: `Roc`, for plots; not in `to_dict`. Defaults to `None`.
        tar_intervals: dict of float to `(low, high)`, by false accept rate.
            Defaults to `{}`.
        equal_error_interval: `(low, high)`. Defaults to `None`.
        auc_interval: `(low, high)`. Defaults to `None`.
        num_people: int, people in the pairs. Defaults to `None`, not known:
            then the intervals take every pair for people of its own.
    """

    accuracy: float | None
    accuracy_std: float | None
    auc: float
    equal_error: float
    tar_at_far: dict[float, float]
    operating_points: tuple[OperatingPoint, ...]
    num_pairs: int
    name: str
    notes: tuple[str, ...] = ()
    roc: Roc | None = field(default=None, repr=False, compare=False)
    tar_intervals: dict[float, Interval] = field(default_factory=dict)
    equal_error_interval: Interval | None = None
    auc_interval: Interval | None = None
    num_people: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON types; rates become text keys such as `"0.01"`."""
        return {
            "name": self.name,
            "num_pairs": self.num_pairs,
            "num_people": self.num_people,
            "accuracy": self.accuracy,
            "accuracy_std": self.accuracy_std,
            "auc": self.auc,
            "auc_interval": _as_list(self.auc_interval),
            "equal_error": self.equal_error,
            "equal_error_interval": _as_list(self.equal_error_interval),
            "tar_at_far": {
                f"{far:g}": tar for far, tar in self.tar_at_far.items()
            },
            "tar_intervals": {
                f"{far:g}": _as_list(interval)
                for far, interval in self.tar_intervals.items()
            },
            "operating_points": [asdict(p) for p in self.operating_points],
            "notes": list(self.notes),
        }

    def rows(self) -> list[tuple[str, str, str, str]]:
        """One row per measure: name, value, interval, threshold or spread."""
        rows = []
        if self.accuracy is not None and self.accuracy_std is not None:
            spread = f"± {100 * self.accuracy_std:.2f}"
            rows.append(
                ("ten-fold accuracy", percent(self.accuracy), "", spread)
            )
        rows += [
            _row(
                "equal error rate", self.equal_error, self.equal_error_interval
            ),
            _row("area under curve", self.auc, self.auc_interval),
        ]
        thresholds = {p.far: p.threshold for p in self.operating_points}
        for far, tar in self.tar_at_far.items():
            where = ""
            if far in thresholds:
                where = f"score >= {thresholds[far]:.4f}"
            rows.append(
                _row(
                    f"TAR@FAR={far_text(far)}",
                    tar,
                    self.tar_intervals.get(far),
                    where,
                )
            )
        return rows

    @property
    def title(self) -> str:
        """What was measured, and on how much."""
        people = (
            "" if self.num_people is None else f", {self.num_people:,} people"
        )
        return f"{self.name} ({self.num_pairs:,} pairs{people})"

    def table(self) -> str:
        """The report as aligned text, one line per measure."""
        rows: list[tuple[str, ...]] = [*self.rows()]
        if not any(interval for _, _, interval, _ in rows):
            rows = [(name, value, where) for name, value, _, where in rows]
        return "\n".join([text_table(self.title, rows), *self.notes])

    def __str__(self) -> str:
        return self.table()


def compare_reports(reports: Mapping[str, VerificationReport]) -> str:
    """Several reports side by side as aligned text, one line each.

    Args:
        reports: dict of str to `VerificationReport`, such as
            `{"before": ..., "after": ...}`.

    Returns:
        str, without a newline at the end.
    """
    header, rows = side_by_side(reports)
    notes = [
        f"{name}: {note}"
        for name, report in reports.items()
        for note in report.notes
    ]
    return "\n".join([text_table(header, rows), *notes])


def side_by_side(
    reports: Mapping[str, VerificationReport],
) -> tuple[list[str], list[list[str]]]:
    """The table of `compare_reports` as cells.

    Args:
        reports: dict of str to `VerificationReport`.

    Returns:
        `(header, rows)`, a list of str and a list of such lists.
    """
    if not reports:
        raise ValueError(
            "`reports` must have at least one report. Received: reports={}"
        )
    fars = list(
        dict.fromkeys(f for r in reports.values() for f in r.tar_at_far)
    )
    header = [
        "",
        "ten-fold accuracy",
        *(f"TAR@FAR={far_text(far)}" for far in fars),
        "EER",
        "AUC",
        "pairs",
    ]
    rows = []
    for name, report in reports.items():
        accuracy = "-"
        if report.accuracy is not None and report.accuracy_std is not None:
            spread = f"{100 * report.accuracy_std:.2f}"
            accuracy = f"{percent(report.accuracy)} ± {spread}"
        tars = [report.tar_at_far.get(far) for far in fars]
        rows.append(
            [
                name,
                accuracy,
                *("-" if tar is None else percent(tar) for tar in tars),
                percent(report.equal_error),
                percent(report.auc),
                f"{report.num_pairs:,}",
            ]
        )
    return header, rows


def _row(
    name: str, value: float, interval: Interval | None, where: str = ""
) -> tuple[str, str, str, str]:
    text = "" if interval is None else interval_text(interval)
    return (name, percent(value), text, where)


def _as_list(interval: Interval | None) -> list[float] | None:
    return None if interval is None else list(interval)
