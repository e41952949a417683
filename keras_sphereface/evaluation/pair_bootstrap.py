"""Drawing people again, to see how much a result depends on them."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from keras_sphereface.contract.arguments import check_integer
from keras_sphereface.pairs.pair_people import check_people


class PairBootstrap:
    """Weights of pairs when their people are drawn with replacement.

    Pairs that share a person rise and fall together, so that 3,000 pairs of 60
    people tell less than 3,000 pairs of 6,000. Drawing people, not pairs,
    shows that. Person `i` is drawn `n_i` times; a genuine pair of `i` weighs
    `n_i`, an impostor pair of `i` and `j` weighs `n_i * n_j`.

    Alone the products are too wild: a pair that shares its people with no
    other one gets a variance of 3 in place of 1. `draws` therefore also takes
    a `shrink`, and `shrink_for` finds the one with which the variance of a
    mean equals the estimate of Fafchamps and Gubert for data on pairs.

    Args:
        is_same: bool, `[num_pairs]`.
        people: int or str, `[num_pairs, 2]`, who is on both images of a pair.
            Defaults to `None`: nobody is in two pairs.
        resamples: int, number of draws. Defaults to `1000`.
        seed: int. Defaults to `0`.

    Reference:
        - Davezies, D'Haultfoeuille and Guyonvarch, Empirical process results
          for exchangeable arrays, 2021
        - Fafchamps and Gubert, The formation of risk sharing networks, 2007
    """

    def __init__(
        self,
        is_same: npt.ArrayLike,
        people: npt.ArrayLike | None = None,
        *,
        resamples: int = 1000,
        seed: int = 0,
    ) -> None:
        is_same = np.asarray(is_same, dtype=bool)
        if people is None:
            first = np.arange(2 * len(is_same)).reshape(-1, 2)
            people = np.where(is_same[:, None], first[:, :1], first)
        codes = _person_codes(people, is_same)
        self.resamples = check_integer("resamples", resamples, at_least=1)
        self.seed = seed
        self.num_people = int(codes.max()) + 1
        self.genuine_people = len(np.unique(codes[is_same, 0]))
        self._genuine = codes[is_same, 0]
        self._impostor = codes[~is_same]

    def draws(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yields the weights of each draw, not shrunk, each with mean 1.

        Yields:
            `(genuine_weights, impostor_weights)`, float64 `[num_genuine]` and
            `[num_impostor]`, in the order of the pairs. A draw in which all
            genuine or all impostor pairs weigh 0 is drawn again.
        """
        rng = np.random.default_rng(self.seed)
        even = np.full(self.num_people, 1 / self.num_people)
        left = self.resamples
        while left:
            times = rng.multinomial(self.num_people, even).astype(np.float64)
            genuine = times[self._genuine]
            impostor = times[self._impostor[:, 0]] * times[self._impostor[:, 1]]
            if genuine.any() and impostor.any():
                yield genuine / genuine.mean(), impostor / impostor.mean()
                left -= 1

    def shrink_for(self, impostor_values: npt.ArrayLike) -> float:
        """How far impostor weights must be drawn toward 1 for a mean.

        Weights `1 + shrink * (weight - 1)` give the mean of the values the
        variance that Fafchamps and Gubert estimate: `S + C`, where `S` sums
        the square of each two people's total, and `C` the products of totals
        that share one person. Plain weights would give `3 S + C`.

        Args:
            impostor_values: float, `[num_impostor]`.

        Returns:
            float in `[3 ** -0.5, 1]`.
        """
        values = np.asarray(impostor_values, dtype=np.float64)
        values = values - values.mean()
        both = np.sort(self._impostor, axis=1)
        _, pair_of = np.unique(
            both[:, 0] * self.num_people + both[:, 1], return_inverse=True
        )
        of_two = np.sum(np.bincount(pair_of, values) ** 2)
        totals = np.bincount(
            self._impostor.ravel(), np.repeat(values, 2), self.num_people
        )
        # Each two people's total stands in the totals of both.
        shared = max(float(np.sum(totals**2) - 2 * of_two), 0.0)
        if of_two == 0:
            return 1.0
        return float(np.sqrt((of_two + shared) / (3 * of_two + shared)))


def _person_codes(people: npt.ArrayLike, is_same: np.ndarray) -> np.ndarray:
    people = check_people(people, is_same)
    _, codes = np.unique(people, return_inverse=True)
    return codes.reshape(people.shape)
