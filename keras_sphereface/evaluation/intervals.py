"""How far what was measured may be from the true value."""

import math
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats

from keras_sphereface.contract.arguments import check_integer, check_number

Interval = tuple[float, float]  # low, high


def rate_interval(
    successes: int, trials: int, *, confidence: float = 0.95
) -> tuple[float, float]:
    """Exact binomial interval of a rate, after Clopper and Pearson.

    Holds the true rate at least as often as `confidence` says, for any rate
    and any number of trials, if the trials are independent. Pairs that share
    people are not: there the interval is too narrow, see
    `bootstrap_intervals`.

    Args:
        successes: int in `[0, trials]`.
        trials: int, at least 1.
        confidence: float in `(0, 1)`. Defaults to `0.95`.

    Returns:
        `(low, high)`, floats in `[0, 1]`.

    Example:

    >>> rate_interval(0, 100)  # no error in 100: at most 3.6 % are possible
    (0.0, 0.036216693...)

    Reference:
        - Clopper and Pearson, The use of confidence or fiducial limits
          illustrated in the case of the binomial, 1934
    """
    confidence = check_confidence(confidence)
    trials = check_integer("trials", trials, at_least=1)
    successes = check_integer(
        "successes",
        successes,
        at_least=0,
        at_most=trials,
        reason=f"of {trials} trials",
    )
    tail = (1 - confidence) / 2
    failures = trials - successes
    low = stats.beta.ppf(tail, successes, failures + 1) if successes else 0.0
    high = stats.beta.isf(tail, successes + 1, failures) if failures else 1.0
    return float(low), float(high)


def mean_interval(
    values: npt.ArrayLike, *, confidence: float = 0.95
) -> Interval | None:
    """Interval of the mean of a few measurements, after Student.

    For values that are independent and about normal, such as the accuracies
    of one training run per seed.

    Args:
        values: float, `[num_values]`, finite, at least one.
        confidence: float in `(0, 1)`. Defaults to `0.95`.

    Returns:
        `(low, high)`, or `None` of a single value, which says nothing about
        its spread.

    Example:

    >>> mean_interval([0.74, 0.75, 0.76])  # 0.75 +- 4.30 * 0.01 / sqrt(3)
    (0.7251..., 0.7748...)

    Reference:
        - Student, The probable error of a mean, 1908
    """
    confidence = check_confidence(confidence)
    values = np.asarray(values, np.float64)
    if values.ndim != 1 or not len(values) or not np.isfinite(values).all():
        raise ValueError(
            "`values` must be finite, [num_values], at least one. "
            f"Received: values={values.tolist()}"
        )
    if len(values) == 1:
        return None
    quantile = stats.t.ppf((1 + confidence) / 2, len(values) - 1)
    half = quantile * values.std(ddof=1) / math.sqrt(len(values))
    return float(values.mean() - half), float(values.mean() + half)


def check_confidence(confidence: Any) -> float:
    """A confidence as float, or a `ValueError` unless it is in `(0, 1)`.

    Args:
        confidence: the value to check.

    Returns:
        Float.
    """
    return check_number("confidence", confidence, above=0, below=1)
