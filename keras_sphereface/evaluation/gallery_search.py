"""Comparing many probes with a large gallery, block by block."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from keras_sphereface.contract import unit_embeddings
from keras_sphereface.contract.arguments import check_integer

# Scores nearer than this are ties: float32 sums of a few hundred products are
# no more exact.
TIE = 1e-6


class GallerySearch(NamedTuple):
    """How each probe fared against the gallery.

    Args:
        is_mated: bool `[num_probes]`, whether the probe's person is in the
            gallery.
        ranks: int `[num_probes]`, 1 if no other person scores as high as the
            probe's own, 2 if one does, and so on; 0 for probes that are not
            mated.
        mate_scores: float32 `[num_probes]`, best cosine similarity with the
            probe's own person; NaN for probes that are not mated.
        other_scores: float32 `[num_probes]`, best with anyone else; NaN if
            nobody else is in the gallery.
    """

    is_mated: np.ndarray
    ranks: np.ndarray
    mate_scores: np.ndarray
    other_scores: np.ndarray


def search_gallery(
    gallery: np.ndarray,
    gallery_people: npt.ArrayLike,
    probes: np.ndarray,
    probe_people: npt.ArrayLike,
    *,
    gallery_block: int = 4096,
    probe_block: int = 1024,
    progress: bool = False,
) -> GallerySearch:
    """Finds each probe's rank without ever holding all scores.

    A block of `probe_block * gallery_block` scores is held at a time, and the
    unit probes in float32. The gallery is read block by block, so a
    memory-mapped file need not fit into memory. A person with several gallery
    embeddings counts once, with the best. Ties, scores within 1e-6, count
    against the probe: of two equal embeddings the wrong person's is ahead, so
    that a model that maps all faces to one point ranks last and not first.

    Args:
        gallery: float, `[num_gallery, embedding_dim]`, any norm but zero.
        gallery_people: int or str, `[num_gallery]`, who it is.
        probes: float, `[num_probes, embedding_dim]`.
        probe_people: int or str, `[num_probes]`.
        gallery_block: int, at least 1. Defaults to `4096`.
        probe_block: int, at least 1. Defaults to `1024`.
        progress: bool, whether to show a progress bar. Defaults to `False`.

    Returns:
        `GallerySearch`.

    Raises:
        ValueError: an embedding is all zeros or holds NaN; its row is named.
    """
    _check_side("gallery", gallery, gallery_people)
    _check_side("probes", probes, probe_people)
    if gallery.shape[1] != probes.shape[1]:
        raise ValueError(
            "`gallery` and `probes` must have one embedding_dim. Received: "
            f"gallery.shape={gallery.shape}, probes.shape={probes.shape}"
        )
    gallery_block = check_integer("gallery_block", gallery_block, at_least=1)
    probe_block = check_integer("probe_block", probe_block, at_least=1)
    gallery_codes, probe_codes = _person_codes(gallery_people, probe_people)
    # One person's embeddings side by side, so that blocks end between people.
    order = np.argsort(gallery_codes, kind="stable")
    gallery_codes = gallery_codes[order]
    units = np.empty(probes.shape, np.float32)
    for start in range(0, len(probes), probe_block):
        rows = slice(start, start + probe_block)
        units[rows] = _unit_block(
            "probes", probes, np.arange(len(probes))[rows]
        )
    bounds = _block_bounds(gallery_codes, gallery_block)
    blocks = _GalleryBlocks(gallery, gallery_codes, order, bounds)
    mates = _mate_scores(blocks, units, probe_codes, probe_block)
    others = np.full(len(probes), -np.inf, np.float32)
    ahead = np.zeros(len(probes), np.int64)
    # Written to again and again: a fresh one would cost more than the product.
    scores = np.empty(probe_block * int(np.diff(bounds).max()), np.float32)
    for block in blocks.iterate(progress):
        for start in range(0, len(probes), probe_block):
            rows = slice(start, start + probe_block)
            best, count = _compare(
                block, units[rows], probe_codes[rows], mates[rows], scores
            )
            np.maximum(others[rows], best, out=others[rows])
            ahead[rows] += count
    is_mated = np.isfinite(mates)
    return GallerySearch(
        is_mated=is_mated,
        ranks=np.where(is_mated, ahead + 1, 0),
        mate_scores=np.where(is_mated, mates, np.nan).astype(np.float32),
        other_scores=np.where(np.isfinite(others), others, np.nan).astype(
            np.float32
        ),
    )


class _Block(NamedTuple):
    units: np.ndarray  # [embedding_dim, block]
    codes: np.ndarray  # [block], ascending
    firsts: np.ndarray  # [people in block], position of each one's first


class _GalleryBlocks:
    """The gallery, ordered by person, in blocks of whole people."""

    def __init__(
        self,
        gallery: np.ndarray,
        codes: np.ndarray,
        order: np.ndarray,
        bounds: list[int],
    ) -> None:
        self.gallery, self.codes = gallery, codes
        self.order, self.bounds = order, bounds

    def block(self, index: int) -> _Block:
        start, stop = self.bounds[index : index + 2]
        units = _unit_block("gallery", self.gallery, self.order[start:stop])
        codes = self.codes[start:stop]
        firsts = np.flatnonzero(np.diff(codes, prepend=codes[0] - 1))
        return _Block(np.ascontiguousarray(units.T), codes, firsts)

    def iterate(self, progress: bool) -> Iterator[_Block]:
        indices: Iterable[int] = range(len(self.bounds) - 1)
        if progress:
            from tqdm import tqdm

            indices = tqdm(indices, desc="searching", unit="block")
        for index in indices:
            yield self.block(index)


def _mate_scores(
    blocks: _GalleryBlocks,
    units: np.ndarray,
    probe_codes: np.ndarray,
    probe_block: int,
) -> np.ndarray:
    """Best score of each probe with its own person; -inf if there is none."""
    mates = np.full(len(units), -np.inf, np.float32)
    starts = np.searchsorted(blocks.codes, probe_codes, side="left")
    stops = np.searchsorted(blocks.codes, probe_codes, side="right")
    step = 0
    while True:
        rows = np.flatnonzero(starts + step < stops)
        if not len(rows):
            return mates
        for first in range(0, len(rows), probe_block):
            some = rows[first : first + probe_block]
            columns = blocks.order[starts[some] + step]
            own = _unit_block("gallery", blocks.gallery, columns)
            scores = np.einsum("nd,nd->n", own, units[some])
            mates[some] = np.maximum(mates[some], scores)
        step += 1


def _compare(
    block: _Block,
    units: np.ndarray,
    codes: np.ndarray,
    mates: np.ndarray,
    buffer: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Best score with anyone else, and how many others are ahead."""
    shape = (len(units), len(block.codes))
    scores = buffer[: shape[0] * shape[1]].reshape(shape)
    np.matmul(units, block.units, out=scores)
    if len(block.firsts) < len(block.codes):
        scores = np.maximum.reduceat(scores, block.firsts, axis=1)
    people = block.codes[block.firsts]
    column = np.searchsorted(people, codes)
    column[column == len(people)] = 0
    own = np.flatnonzero(people[column] == codes)
    scores[own, column[own]] = -np.inf
    best = scores.max(axis=1)
    # Few rows have anyone ahead in a block, if the model is any good.
    enough = mates - np.float32(TIE)
    rows = np.flatnonzero((best >= enough) & np.isfinite(mates))
    count = np.zeros(len(units), np.int64)
    count[rows] = np.count_nonzero(scores[rows] >= enough[rows, None], axis=1)
    return best, count


def _unit_block(
    name: str, embeddings: np.ndarray, rows: np.ndarray
) -> np.ndarray:
    return unit_embeddings(embeddings[rows], _RowNames(name, rows))


class _RowNames:
    """Names of rows, made only if an error needs one."""

    def __init__(self, name: str, rows: np.ndarray) -> None:
        self.name, self.rows = name, rows

    def __getitem__(self, index: int) -> str:
        return f"{self.name}[{self.rows[index]}]"


def _block_bounds(codes: np.ndarray, size: int) -> list[int]:
    """Where blocks of about `size` end, never within one person."""
    bounds = [0]
    while bounds[-1] < len(codes):
        stop = min(bounds[-1] + size, len(codes))
        if stop < len(codes) and codes[stop] == codes[stop - 1]:
            inside = np.searchsorted(codes, codes[stop], side="left")
            stop = int(inside)
            if stop == bounds[-1]:  # one person fills the block
                stop = int(np.searchsorted(codes, codes[stop], side="right"))
        bounds.append(stop)
    return bounds


def _person_codes(
    gallery_people: npt.ArrayLike, probe_people: npt.ArrayLike
) -> tuple[np.ndarray, np.ndarray]:
    gallery_people = np.asarray(gallery_people)
    probe_people = np.asarray(probe_people)
    both = np.concatenate([gallery_people, probe_people])
    _, codes = np.unique(both, return_inverse=True)
    return codes[: len(gallery_people)], codes[len(gallery_people) :]


def _check_side(
    name: str, embeddings: np.ndarray, people: npt.ArrayLike
) -> None:
    if getattr(embeddings, "ndim", None) != 2 or not len(embeddings):
        raise ValueError(
            f"`{name}` must be an array, [number, embedding_dim], at "
            "least one. Received: shape "
            f"{getattr(embeddings, 'shape', type(embeddings).__name__)}"
        )
    people = np.asarray(people)
    if people.shape != (len(embeddings),) or people.dtype.kind not in "iuU":
        raise ValueError(
            f"The people of `{name}` must be int or str, one per embedding. "
            f"Received: dtype={people.dtype}, shape={people.shape} with "
            f"{len(embeddings)} embeddings"
        )
