"""How far a measured rate may be from the true one."""

from scipy import stats


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
    check_confidence(confidence)
    for name, count in (("successes", successes), ("trials", trials)):
        if isinstance(count, bool) or count != int(count):
            raise ValueError(
                f"`{name}` must be an int. Received: {name}={count!r}"
            )
    if trials < 1 or not 0 <= successes <= trials:
        raise ValueError(
            "`successes` must be in [0, trials], and `trials` at least 1. "
            f"Received: successes={successes}, trials={trials}"
        )
    tail = (1 - confidence) / 2
    failures = trials - successes
    low = stats.beta.ppf(tail, successes, failures + 1) if successes else 0.0
    high = stats.beta.isf(tail, successes + 1, failures) if failures else 1.0
    return float(low), float(high)


def check_confidence(confidence) -> None:
    """Raises unless it is a number in `(0, 1)`.

    Args:
        confidence: the value to check.
    """
    if isinstance(confidence, bool) or not 0 < confidence < 1:
        raise ValueError(
            "`confidence` must be in (0, 1), such as 0.95. "
            f"Received: confidence={confidence!r}"
        )
