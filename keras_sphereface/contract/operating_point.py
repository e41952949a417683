"""A decision threshold and the false accept rate it stands for."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

# Doddington's rule of 30: with so many errors the true rate is within 30 % of
# the measured one, nine times in ten.
STEADY_PAIRS = 30


@dataclass(frozen=True)
class OperatingPoint:
    """A threshold on the cosine similarity, and how it was measured.

    Two faces are the same person if `score >= threshold`.

    Args:
        far: float in `(0, 1]`, the false accept rate aimed at.
        threshold: float in `[-1, 1]`.
        tar: float in `[0, 1]`, true accept rate measured at the threshold.
            Defaults to `None`, not measured.
        impostor_pairs: int, pairs of different people in the measurement; at
            least `1 / far`, or the rate could not be measured. Defaults to
            `None`, not known.
        genuine_pairs: int, pairs of one person. Defaults to `None`.
        data: str, name of the pairs. Defaults to `None`.
        flip: bool, whether each image was embedded together with its mirror
            image; the threshold holds for scores made the same way. Defaults
            to `False`.
        far_interval: `(low, high)` in `[0, 1]`, 95 % interval of the rate at
            which the threshold accepts impostors. Defaults to `None`, not
            known.
        tar_interval: `(low, high)` in `[0, 1]`, 95 % interval of the true
            accept rate. Defaults to `None`.
        threshold_interval: `(low, high)` in `[-1, 1]`, 95 % interval of the
            threshold that would give `far`. Defaults to `None`.
    """

    far: float
    threshold: float
    tar: float | None = None
    impostor_pairs: int | None = None
    genuine_pairs: int | None = None
    data: str | None = None
    flip: bool = False
    far_interval: tuple[float, float] | None = None
    tar_interval: tuple[float, float] | None = None
    threshold_interval: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        self._check_number("far", 0, 1)
        self._check_number("threshold", -1, 1)
        if self.far == 0:
            raise ValueError("`far` must be above 0. Received: far=0")
        if self.tar is not None:
            self._check_number("tar", 0, 1)
        for name in ("impostor_pairs", "genuine_pairs"):
            count = getattr(self, name)
            if count is not None and (type(count) is not int or count < 1):
                raise ValueError(
                    f"`{name}` must be a positive int or None. "
                    f"Received: {name}={count!r}"
                )
        if self.impostor_pairs is not None and self.far < (
            1 / self.impostor_pairs
        ):
            raise ValueError(
                "`far` must be at least 1 / impostor_pairs to be measured. "
                f"Received: far={self.far}, "
                f"impostor_pairs={self.impostor_pairs}"
            )
        if self.data is not None and not isinstance(self.data, str):
            raise ValueError(
                f"`data` must be a str or None. Received: data={self.data!r}"
            )
        if not isinstance(self.flip, bool):
            raise ValueError(
                f"`flip` must be a bool. Received: flip={self.flip!r}"
            )
        self._check_interval("far_interval", 0, 1)
        self._check_interval("tar_interval", 0, 1)
        self._check_interval("threshold_interval", -1, 1)

    @property
    def impostors_above(self) -> int | None:
        """Pairs of two people that the threshold rests on, if that is known."""
        if self.impostor_pairs is None:
            return None
        return math.floor(self.far * self.impostor_pairs * (1 + 1e-9))

    @property
    def is_steady(self) -> bool:
        """Whether it rests on `STEADY_PAIRS` pairs of two people or more."""
        above = self.impostors_above
        return above is not None and above >= STEADY_PAIRS

    def _check_interval(self, name: str, low: float, high: float) -> None:
        interval = getattr(self, name)
        if interval is None:
            return
        if (
            not isinstance(interval, (tuple, list))
            or len(interval) != 2
            or not all(type(end) in (int, float) for end in interval)
            or not low <= interval[0] <= interval[1] <= high  # False for NaN
        ):
            raise ValueError(
                f"`{name}` must be (low, high) in [{low}, {high}] or None. "
                f"Received: {name}={interval!r}"
            )
        object.__setattr__(self, name, tuple(interval))

    def _check_number(self, name: str, low: float, high: float) -> None:
        value = getattr(self, name)
        if (
            isinstance(value, bool)
            or not isinstance(value, (int, float))
            or not low <= value <= high  # False for NaN
        ):
            raise ValueError(
                f"`{name}` must be a number in [{low}, {high}]. "
                f"Received: {name}={value!r}"
            )


def default_operating_point(points: Iterable[OperatingPoint]) -> OperatingPoint:
    """The operating point of whoever does not choose one.

    The strictest that is steady. If none is, the loosest, which rests on the
    most pairs; `is_steady` is then `False`, and who decides by it must say so.

    Args:
        points: iterable of `OperatingPoint`, at least one.

    Returns:
        `OperatingPoint`.
    """
    points = sorted(points, key=lambda point: point.far)
    return next((point for point in points if point.is_steady), points[-1])
