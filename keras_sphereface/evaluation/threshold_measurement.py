"""Thresholds of one model file, from its own scores of pairs."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from keras_sphereface.contract import (
    STEADY_PAIRS,
    Calibration,
    OperatingPoint,
    ScoreHistogram,
)
from keras_sphereface.evaluation.calibration import fit_calibration
from keras_sphereface.evaluation.pair_verification import (
    DEFAULT_FARS,
    verify_scores,
)

# Of more pairs intervals of people would take longer than the embedding.
_MAX_RESAMPLED = 100_000


@dataclass(frozen=True)
class ThresholdMeasurement:
    """What a manifest says of its thresholds; its fields are a manifest's.

    Args:
        operating_points: tuple of `contract.OperatingPoint`, the strictest
            last.
        calibration: `contract.Calibration` of the same scores.
        histogram: `contract.ScoreHistogram` of the same scores.
        notes: tuple of str, which rates could not be measured, or not well.
    """

    operating_points: tuple[OperatingPoint, ...]
    calibration: Calibration
    histogram: ScoreHistogram
    notes: tuple[str, ...]


def measure_thresholds(
    *,
    scores: npt.ArrayLike,
    is_same: npt.ArrayLike,
    people: npt.ArrayLike | None = None,
    fars: Iterable[float] | None = None,
    name: str = "pairs",
    flip: bool = False,
) -> ThresholdMeasurement:
    """Measures the thresholds of a file on scores that it made itself.

    Beside the rates that are asked for stands the strictest steady one that
    the pairs allow, so that there is a threshold one can act on; see
    `strictest_steady_far`.

    Args:
        scores: float in `[-1, 1]`, `[num_pairs]`, cosine similarities.
        is_same: bool, `[num_pairs]`, both kinds among them.
        people: int or str, `[num_pairs, 2]`, who is on both images, for the
            intervals. Defaults to `None`: nobody is in two pairs.
        fars: floats in `(0, 1]`. Defaults to `None`, `1e-1`, `1e-2`, `1e-3`.
        name: str, what the pairs are called. Defaults to `"pairs"`.
        flip: bool, whether mirror images were embedded too. Defaults to
            `False`.

    Returns:
        `ThresholdMeasurement`.
    """
    scores = np.clip(np.asarray(scores, np.float64), -1, 1)
    is_same = np.asarray(is_same)
    wanted = set(DEFAULT_FARS if fars is None else fars)
    steady = strictest_steady_far(int(np.sum(~is_same)))
    if steady is not None:
        wanted.add(steady)
    report = verify_scores(
        scores=scores,
        is_same=is_same,
        people=people,
        fars=sorted(wanted, reverse=True),
        name=name,
        flip=flip,
        resamples=1000 if len(scores) <= _MAX_RESAMPLED else 0,
    )
    return ThresholdMeasurement(
        operating_points=report.operating_points,
        calibration=fit_calibration(scores=scores, is_same=is_same),
        histogram=ScoreHistogram.of(scores=scores, is_same=is_same),
        notes=report.notes,
    )


def strictest_steady_far(impostor_pairs: int) -> float | None:
    """The lowest rate of 0.1, 0.05, 0.03, 0.02, 0.01, ... that is steady.

    Args:
        impostor_pairs: int, pairs of two people.

    Returns:
        float, or `None` if fewer than 300 pairs leave 0.1 unsteady.
    """
    found = None
    for power in range(1, 12):
        for digit in (1.0, 0.5, 0.3, 0.2):
            far = float(f"{digit * 10.0**-power:.0e}")
            if far * impostor_pairs * (1 + 1e-9) < STEADY_PAIRS:
                return found
            found = far
    return found
