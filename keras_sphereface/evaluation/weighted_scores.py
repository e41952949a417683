"""Error rates of scored pairs that do not all weigh the same."""

from typing import NamedTuple

import numpy as np


class WeightedRates(NamedTuple):
    """FAR and TAR at every threshold where they change.

    Args:
        far: float64 `[num_scores + 1]`, ascending from 0 to 1.
        tar: float64 `[num_scores + 1]`, ascending from 0 to 1.
    """

    far: np.ndarray
    tar: np.ndarray

    def shrunk(self, plain: "WeightedRates", shrink: float) -> "WeightedRates":
        """As if the impostor weights were drawn toward 1.

        Args:
            plain: `WeightedRates` with all weights 1.
            shrink: float, 1 leaves the weights as they are.

        Returns:
            `WeightedRates`.
        """
        far = plain.far + shrink * (self.far - plain.far)
        return WeightedRates(far, self.tar)

    def point_at_far(self, far: float) -> int:
        """Position of the highest TAR whose FAR is at most `far`.

        Args:
            far: float in `(0, 1]`.

        Returns:
            int.
        """
        # Sums of weights such as 0.1 + 0.2 may miss `far` by rounding.
        return int(np.searchsorted(self.far, far + 1e-12, side="right")) - 1

    @property
    def equal_error(self) -> float:
        """FAR where it equals 1 - TAR, the points joined by straight lines."""
        excess = self.far - (1.0 - self.tar)
        after = max(int(np.argmax(excess >= 0)), 1)
        before = after - 1
        share = -excess[before] / (excess[after] - excess[before])
        step = self.far[after] - self.far[before]
        return float(self.far[before] + share * step)

    @property
    def area(self) -> float:
        """Area under the curve; ties count half."""
        heights = (self.tar[1:] + self.tar[:-1]) / 2
        return float(np.sum(np.diff(self.far) * heights))


class WeightedScores:
    """Scores sorted once, to be weighted many times.

    Args:
        scores: float, `[num_pairs]`, checked by `check_scores`.
        is_same: bool, `[num_pairs]`.
    """

    def __init__(self, scores: np.ndarray, is_same: np.ndarray) -> None:
        genuine, impostor = scores[is_same], scores[~is_same]
        self.thresholds = np.unique(scores)[::-1]
        self._orders: list[np.ndarray] = []
        self._counts: list[np.ndarray] = []
        for side in (genuine, impostor):
            order = np.argsort(-side, kind="stable")
            self._orders.append(order)
            # How many of the side are accepted at each threshold.
            self._counts.append(
                np.searchsorted(-side[order], -self.thresholds, side="right")
            )
        ones = np.ones(len(genuine)), np.ones(len(impostor))
        self.plain = self.rates(*ones)

    def rates(
        self, genuine_weights: np.ndarray, impostor_weights: np.ndarray
    ) -> WeightedRates:
        """The ROC curve under these weights.

        Args:
            genuine_weights: float, `[num_genuine]`, not all 0.
            impostor_weights: float, `[num_impostor]`, not all 0.

        Returns:
            `WeightedRates`, a point before and one for each distinct score.
        """
        curves = []
        for order, counts, weights in zip(
            self._orders,
            self._counts,
            (genuine_weights, impostor_weights),
            strict=True,
        ):
            sums = np.concatenate([[0.0], np.cumsum(weights[order])])
            curve = sums[counts] / sums[-1]
            curves.append(np.concatenate([[0.0], curve]))
        return WeightedRates(far=curves[1], tar=curves[0])
