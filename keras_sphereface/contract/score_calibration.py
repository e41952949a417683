"""How probable one person is, given a score: two numbers and a prior."""

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from keras_sphereface.contract.arguments import check_number


@dataclass(frozen=True)
class Calibration:
    """Turns scores into probabilities: `sigmoid(slope * score + intercept)`.

    Args:
        slope: float, how fast the log-odds rise with the score.
        intercept: float, log-odds at score 0.
        genuine_share: float in `(0, 1)`, share of genuine pairs it was fitted
            on, and so the prior it speaks for.
    """

    slope: float
    intercept: float
    genuine_share: float

    def __post_init__(self) -> None:
        for name in ("slope", "intercept"):
            value = check_number(name, getattr(self, name))
            if not math.isfinite(value):
                raise ValueError(
                    f"`{name}` must be finite. Received: {name}={value!r}"
                )
        check_number("genuine_share", self.genuine_share, above=0, below=1)

    def probability(
        self, scores: npt.ArrayLike, prior: float | None = None
    ) -> np.ndarray:
        """Probability that a pair is one person.

        Args:
            scores: float, any shape.
            prior: float in `(0, 1)`, how probable one person is before the
                score is seen. At a door where one in a thousand tries is an
                impostor it is 0.999. Defaults to `genuine_share`.

        Returns:
            float64 in `[0, 1]`, shaped as `scores`.
        """
        prior = self.genuine_share if prior is None else prior
        prior = check_number("prior", prior, above=0, below=1)
        shift = _log_odds(prior) - _log_odds(self.genuine_share)
        scores = np.asarray(scores, dtype=np.float64)
        log_odds = self.slope * scores + self.intercept + shift
        # tanh does not overflow where exp would.
        return 0.5 * (1 + np.tanh(log_odds / 2))

    def to_dict(self) -> dict[str, Any]:
        """The numbers as JSON types."""
        return asdict(self)


def _log_odds(probability: float) -> float:
    return math.log(probability) - math.log1p(-probability)
