"""The numbers that InsightFace publishes of IJB-B and IJB-C, by its rules.

They are for comparison with published tables. `verify_scores` and `identify`
say more, with intervals, and are stricter.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from sklearn import metrics

from keras_sphereface.contract.arguments import check_number, check_sizes
from keras_sphereface.evaluation.curves import check_scores

INSIGHTFACE_FARS = (1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1)


class InsightFaceSearch(NamedTuple):
    """How InsightFace counts a search in all galleries together.

    Args:
        rank_rates: dict of int to float, share of the probes found at this
            rank or better; of equal scores the first in the gallery is ahead.
        recalls: dict of float to float, share of the probes whose own score is
            above the threshold, by wrong answers per probe.
        thresholds: dict of float to float, by wrong answers per probe.
    """

    rank_rates: dict[int, float]
    recalls: dict[float, float]
    thresholds: dict[float, float]


def nearest_far_tars(
    *,
    scores: npt.ArrayLike,
    is_same: npt.ArrayLike,
    fars: Sequence[float] = INSIGHTFACE_FARS,
) -> dict[float, float]:
    """TAR where the FAR is nearest to each rate, be it above or below.

    `tar_at_far` keeps the FAR at or below the rate. Here the nearest of the
    corners of the ROC curve counts, however far away it is: of a rate that the
    pairs cannot measure it is another rate's TAR.

    Args:
        scores: float, `[num_pairs]`, higher means more similar.
        is_same: bool, `[num_pairs]`.
        fars: floats in `(0, 1]`. Defaults to 1e-6, 1e-5, ... 1e-1.

    Returns:
        Dict of float to float.
    """
    scores, is_same = check_scores(scores, is_same)
    # Points inside straight lines are no corners, and scikit-learn drops them.
    far, tar, _ = metrics.roc_curve(is_same, scores)
    # Of equal distances the highest FAR counts, and there the highest TAR.
    far, tar = far[::-1], tar[::-1]
    return {rate: float(tar[np.argmin(np.abs(far - rate))]) for rate in fars}


def search_like_insightface(
    gallery: np.ndarray,
    gallery_people: npt.ArrayLike,
    probes: np.ndarray,
    probe_people: npt.ArrayLike,
    *,
    ranks: Sequence[int] = (1, 5, 10),
    rates: Sequence[float] = (1e-2, 1e-1),
    probe_block: int = 1024,
) -> InsightFaceSearch:
    """Ranks and recalls of templates in all galleries together.

    A rate is a number of wrong answers per probe: the threshold is so high
    that of all comparisons with someone else `ceil(rate * num_probes)` reach
    it.

    Args:
        gallery: float, `[num_gallery, embedding_dim]`, rows of norm 1.
        gallery_people: int, `[num_gallery]`, each person once.
        probes: float, `[num_probes, embedding_dim]`, rows of norm 1.
        probe_people: int, `[num_probes]`, all of them in the gallery.
        ranks: ints, at least 1. Defaults to `(1, 5, 10)`.
        rates: floats above 0. Defaults to `(1e-2, 1e-1)`.
        probe_block: int, probes compared at a time. Defaults to `1024`.

    Returns:
        `InsightFaceSearch`.

    Raises:
        ValueError: a person is in the gallery twice, or a probe's is not, or
            nobody else is.
    """
    ranks = check_sizes("ranks", ranks)
    for rate in rates:
        check_number("rates", rate, above=0)
    own = _own_columns(np.asarray(gallery_people), np.asarray(probe_people))
    counts = {rate: math.ceil(len(probes) * rate) for rate in rates}
    most = max(counts.values(), default=1)
    wrong = np.empty(0)
    own_scores = np.empty(len(probes))
    places = np.empty(len(probes), np.int64)
    columns = np.arange(len(gallery))
    for start in range(0, len(probes), probe_block):
        part = slice(start, start + probe_block)
        scores = np.asarray(probes[part], np.float64) @ gallery.T
        here = own[part, None]
        mine = np.take_along_axis(scores, here, axis=1)
        ahead = (scores > mine) | ((scores == mine) & (columns < here))
        places[part] = ahead.sum(axis=1) + 1
        own_scores[part] = mine[:, 0]
        wrong = np.concatenate([wrong, scores[columns != here]])
        if len(wrong) > most:
            wrong = np.partition(wrong, len(wrong) - most)[-most:]
    wrong = np.sort(wrong)[::-1]
    thresholds = {
        rate: float(wrong[min(count, len(wrong)) - 1])
        for rate, count in counts.items()
    }
    return InsightFaceSearch(
        {rank: float(np.mean(places <= rank)) for rank in ranks},
        {
            rate: float(np.mean(own_scores > threshold))
            for rate, threshold in thresholds.items()
        },
        thresholds,
    )


def _own_columns(gallery: np.ndarray, probes: np.ndarray) -> np.ndarray:
    """Where in the gallery each probe's person is."""
    people, firsts, counts = np.unique(
        gallery, return_index=True, return_counts=True
    )
    if len(people) < max(len(gallery), 2):
        raise ValueError(
            "`gallery_people` must have two people or more, each once. "
            f"Received: person {people[np.argmax(counts)]} {counts.max()} "
            f"times among {len(gallery)}"
        )
    rows = np.minimum(np.searchsorted(people, probes), len(people) - 1)
    missing = probes[people[rows] != probes]
    if len(missing):
        raise ValueError(
            "`probe_people` must all be in the gallery. Received: person "
            f"{missing[0]}, {len(missing)} probes of such people"
        )
    return firsts[rows]
