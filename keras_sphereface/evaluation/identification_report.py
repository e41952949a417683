"""Who is it? Ranks, and whom the gallery does not know."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from keras_sphereface.contract.arguments import check_sizes
from keras_sphereface.evaluation.curves import just_above, supports_far
from keras_sphereface.evaluation.gallery_search import (
    GallerySearch,
    search_gallery,
)
from keras_sphereface.evaluation.intervals import Interval, rate_interval
from keras_sphereface.evaluation.text_table import (
    far_text,
    interval_text,
    percent,
    text_table,
)

DEFAULT_RANKS = (1, 5, 10)
DEFAULT_FPIRS = (1e-1, 1e-2)


@dataclass(frozen=True)
class IdentificationReport:
    """The result of searching a gallery; print it to see a table.

    Args:
        rank_rates: dict of int to float, share of the mated probes found at
            this rank or better.
        rank_intervals: dict of int to `(low, high)`, exact binomial 95 %.
        tpir_at_fpir: dict of float to float, share of the mated probes found
            at rank 1 with a score above the threshold, where at most this
            share of the probes that are not in the gallery gets any answer.
        tpir_intervals: dict of float to `(low, high)`, exact binomial 95 % at
            the threshold; what its choice adds is not in it.
        thresholds: dict of float to float, by false positive identification
            rate.
        cmc: float64 `[num_ranks]`, share found at rank 1, 2, ...
        num_gallery: int, people in the gallery.
        num_mated: int, probes of people in the gallery.
        num_non_mated: int, probes of people who are not.
        name: str, what was measured.
        notes: tuple of str, what could not be measured, and why.
    """

    rank_rates: dict[int, float]
    rank_intervals: dict[int, Interval]
    tpir_at_fpir: dict[float, float]
    tpir_intervals: dict[float, Interval]
    thresholds: dict[float, float]
    cmc: np.ndarray = field(repr=False, compare=False)
    num_gallery: int = 0
    num_mated: int = 0
    num_non_mated: int = 0
    name: str = "identification"
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON types; ranks and rates become text keys."""
        return {
            "name": self.name,
            "num_gallery": self.num_gallery,
            "num_mated": self.num_mated,
            "num_non_mated": self.num_non_mated,
            "rank_rates": {str(k): v for k, v in self.rank_rates.items()},
            "rank_intervals": {
                str(k): list(v) for k, v in self.rank_intervals.items()
            },
            "tpir_at_fpir": {f"{k:g}": v for k, v in self.tpir_at_fpir.items()},
            "tpir_intervals": {
                f"{k:g}": list(v) for k, v in self.tpir_intervals.items()
            },
            "thresholds": {f"{k:g}": v for k, v in self.thresholds.items()},
            "cmc": self.cmc.tolist(),
            "notes": list(self.notes),
        }

    def rows(self) -> list[tuple[str, str, str, str]]:
        """One row per measure: name, value, interval, threshold."""
        rows = [
            (
                f"rank {rank}",
                percent(rate),
                interval_text(self.rank_intervals[rank]),
                "",
            )
            for rank, rate in self.rank_rates.items()
        ]
        rows += [
            (
                f"TPIR@FPIR={far_text(fpir)}",
                percent(rate),
                interval_text(self.tpir_intervals[fpir]),
                f"score >= {self.thresholds[fpir]:.4f}",
            )
            for fpir, rate in self.tpir_at_fpir.items()
        ]
        return rows

    @property
    def title(self) -> str:
        """What was measured, and on how much."""
        return (
            f"{self.name} ({self.num_gallery:,} people in the gallery, "
            f"{self.num_mated:,} probes of them, {self.num_non_mated:,} of "
            "others)"
        )

    def table(self) -> str:
        """The report as aligned text, one line per measure."""
        return "\n".join([text_table(self.title, self.rows()), *self.notes])

    def __str__(self) -> str:
        return self.table()


def identify(
    gallery: np.ndarray,
    gallery_people: npt.ArrayLike,
    probes: np.ndarray,
    probe_people: npt.ArrayLike,
    *,
    ranks: Sequence[int] = DEFAULT_RANKS,
    fpirs: Sequence[float] = DEFAULT_FPIRS,
    name: str = "identification",
    gallery_block: int = 4096,
    probe_block: int = 1024,
    progress: bool = False,
) -> IdentificationReport:
    """Searches a gallery for every probe and measures how often it succeeds.

    Args:
        gallery: float, `[num_gallery, embedding_dim]`, any norm but zero; may
            be a memory-mapped file.
        gallery_people: int or str, `[num_gallery]`. A person with several
            embeddings counts once, with the best score.
        probes: float, `[num_probes, embedding_dim]`.
        probe_people: int or str, `[num_probes]`; people who are not in the
            gallery measure how often a stranger gets an answer.
        ranks: ints, at least 1. Defaults to `(1, 5, 10)`.
        fpirs: floats in `(0, 1]`, false positive identification rates. One
            below 1 / number of such strangers is left out, with a note.
            Defaults to `(1e-1, 1e-2)`.
        name: str, what was measured. Defaults to `"identification"`.
        gallery_block: int, see `search_gallery`. Defaults to `4096`.
        probe_block: int, see `search_gallery`. Defaults to `1024`.
        progress: bool, whether to show a progress bar. Defaults to `False`.

    Returns:
        `IdentificationReport`.

    Reference:
        - Grother and Ngan, Face Recognition Vendor Test, NIST IR 8009, 2014
    """
    ranks = check_sizes("ranks", ranks)
    search = search_gallery(
        gallery,
        gallery_people,
        probes,
        probe_people,
        gallery_block=gallery_block,
        probe_block=probe_block,
        progress=progress,
    )
    num_gallery = len(np.unique(gallery_people))
    mated = search.is_mated
    num_mated = int(mated.sum())
    if not num_mated:
        raise ValueError(
            "`probe_people` must have a person who is in the gallery. "
            f"Received: {len(mated)} probes, none of them"
        )
    found = np.bincount(search.ranks[mated], minlength=2)[1:]
    reached = np.cumsum(found)
    cmc = reached[: max(*ranks, 20, 1)] / num_mated
    hits = {r: int(reached[min(r, len(reached)) - 1]) for r in ranks}
    tpirs, points, intervals, notes = {}, {}, {}, []
    num_strangers = len(mated) - num_mated
    for fpir in fpirs:
        if not num_strangers or not supports_far(
            far=fpir, impostor_pairs=num_strangers
        ):
            notes.append(
                f"FPIR={far_text(fpir)} was not measured: it needs "
                f"{int(np.ceil(1 / fpir)):,} probes of people who are not in "
                f"the gallery, and there are {num_strangers:,}."
            )
            continue
        points[fpir] = _threshold_at_fpir(search, fpir)
        hit = mated & (search.ranks == 1)
        hit[mated] &= search.mate_scores[mated] >= points[fpir]
        tpirs[fpir] = float(hit.sum() / num_mated)
        intervals[fpir] = rate_interval(int(hit.sum()), num_mated)
    return IdentificationReport(
        rank_rates={r: count / num_mated for r, count in hits.items()},
        rank_intervals={
            r: rate_interval(count, num_mated) for r, count in hits.items()
        },
        tpir_at_fpir=tpirs,
        tpir_intervals=intervals,
        thresholds=points,
        cmc=cmc,
        num_gallery=num_gallery,
        num_mated=num_mated,
        num_non_mated=num_strangers,
        name=name,
        notes=tuple(notes),
    )


def _threshold_at_fpir(search: GallerySearch, fpir: float) -> float:
    """The least score that at most this share of strangers reaches."""
    strangers = np.sort(search.other_scores[~search.is_mated])[::-1]
    allowed = int(np.floor(fpir * len(strangers) + 1e-9))
    if allowed == len(strangers):
        return float(strangers[-1])
    refused = strangers[allowed]
    passed = strangers[:allowed][strangers[:allowed] > refused]
    scores = np.concatenate(
        [passed, search.mate_scores[search.mate_scores > refused]]
    )
    return float(scores.min()) if len(scores) else just_above(refused)
