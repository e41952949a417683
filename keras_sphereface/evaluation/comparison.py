"""Two models on the same pairs: is one better, or lucky?"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from keras_sphereface.evaluation.bootstrap import (
    BootstrapDifference,
    bootstrap_differences,
)
from keras_sphereface.evaluation.full_report import FullReport
from keras_sphereface.evaluation.text_table import far_text, text_table


@dataclass(frozen=True)
class Comparison:
    """By how much model B differs from model A; print it to see a table.

    Args:
        name_a: str.
        name_b: str.
        differences: dict of `BootstrapDifference`, B minus A, by the name of
            the measure.
    """

    name_a: str
    name_b: str
    differences: dict[str, BootstrapDifference]

    def to_dict(self) -> dict[str, Any]:
        """The comparison as JSON types."""
        return {
            "a": self.name_a,
            "b": self.name_b,
            "differences": {
                name: {
                    "estimate": found.estimate,
                    "interval": list(found.interval),
                    "is_clear": found.is_clear,
                }
                for name, found in self.differences.items()
            },
        }

    header = ("", "difference", "95 %", "")

    def rows(self) -> list[tuple[str, ...]]:
        """One row per measure, as text."""
        return [
            (name, *_points(found), _verdict(name, found))
            for name, found in self.differences.items()
        ]

    def table(self) -> str:
        """The comparison as aligned text, in percentage points."""
        title = f"{self.name_b} minus {self.name_a}, percentage points"
        return f"{title}\n{text_table(self.header, self.rows())}"

    def __str__(self) -> str:
        return self.table()


def compare_full_reports(
    a: FullReport, b: FullReport, *, resamples: int = 1000, seed: int = 0
) -> Comparison:
    """Bootstraps the difference of two models on the same pairs.

    Args:
        a: `FullReport` of the first model.
        b: `FullReport` of the second, on the same pairs.
        resamples: int, draws of people. Defaults to `1000`.
        seed: int. Defaults to `0`.

    Returns:
        `Comparison`.
    """
    for name in ("index_a", "index_b", "is_same"):
        if not np.array_equal(getattr(a.pairs, name), getattr(b.pairs, name)):
            raise ValueError(
                "`a` and `b` must be of the same pairs. "
                f"Received: two pair sets with different `{name}`"
            )
    fars = [far for far in a.report.tar_at_far if far in b.report.tar_at_far]
    found = bootstrap_differences(
        scores_a=a.scores,
        scores_b=b.scores,
        is_same=a.pairs.is_same,
        people=a.pairs.pair_people,
        fars=fars,
        resamples=resamples,
        seed=seed,
    )
    names: dict[str | float, str] = {
        "equal_error": "equal error rate",
        "auc": "area under curve",
    }
    return Comparison(
        name_a=a.report.name,
        name_b=b.report.name,
        differences={
            names.get(key) or f"TAR@FAR={far_text(float(key))}": difference
            for key, difference in found.items()
        },
    )


def _points(found: BootstrapDifference) -> tuple[str, str]:
    low, high = found.interval
    return (
        f"{100 * found.estimate:+.2f}",
        f"[{100 * low:+.2f}, {100 * high:+.2f}]",
    )


def _verdict(name: str, found: BootstrapDifference) -> str:
    if not found.is_clear:
        return "not clear"
    is_better = (found.estimate > 0) != name.endswith("error rate")
    return "better" if is_better else "worse"
