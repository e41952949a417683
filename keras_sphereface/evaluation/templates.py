"""Several images of one person as one embedding, as IJB-B and IJB-C have it."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from keras_sphereface.contract import to_numpy, unit_embeddings
from keras_sphereface.contract.arguments import check_choice

WEIGHTINGS = ("mean", "norm")
# Images whose embeddings are held in float64 at a time.
BLOCK = 16_384


class Templates(NamedTuple):
    """One unit embedding per template.

    Args:
        ids: int `[num_templates]`, ascending.
        embeddings: float64 `[num_templates, embedding_dim]`, rows of norm 1.
    """

    ids: np.ndarray
    embeddings: np.ndarray

    def rows(self, ids: npt.ArrayLike) -> np.ndarray:
        """Where templates are in `embeddings`.

        Args:
            ids: int, `[number]`, ids of templates.

        Returns:
            int array, `[number]`.
        """
        ids = np.asarray(ids)
        rows = np.minimum(np.searchsorted(self.ids, ids), len(self.ids) - 1)
        unknown = ids[self.ids[rows] != ids]
        if len(unknown):
            raise ValueError(
                "`ids` must be templates that have images. Received: template "
                f"{unknown[0]}, {len(np.unique(unknown))} such templates"
            )
        return rows

    def score(
        self, ids_a: npt.ArrayLike, ids_b: npt.ArrayLike, block: int = 2048
    ) -> np.ndarray:
        """Cosine similarity of pairs of templates, a block at a time.

        Args:
            ids_a: int, `[num_pairs]`.
            ids_b: int, `[num_pairs]`.
            block: int, pairs held at a time. Defaults to `2048`.

        Returns:
            float64 array, `[num_pairs]`, in `[-1, 1]`.
        """
        rows_a, rows_b = self.rows(ids_a), self.rows(ids_b)
        if len(rows_a) != len(rows_b):
            raise ValueError(
                "`ids_a` and `ids_b` must have one template per pair. "
                f"Received: {len(rows_a)} and {len(rows_b)} templates"
            )
        scores = np.empty(len(rows_a))
        # Written to again and again: fresh ones would cost more than the sums.
        shape = (min(block, len(scores)), self.embeddings.shape[1])
        a, b = np.empty(shape), np.empty(shape)
        for start in range(0, len(scores), block):
            part = slice(start, start + block)
            found = scores[part]
            for rows, buffer in ((rows_a[part], a), (rows_b[part], b)):
                # Only with a mode does NumPy write without a copy between.
                np.take(
                    self.embeddings,
                    rows,
                    axis=0,
                    out=buffer[: len(rows)],
                    mode="clip",
                )
            np.einsum("nd,nd->n", a[: len(found)], b[: len(found)], out=found)
        return np.clip(scores, -1.0, 1.0, out=scores)


def pool_templates(
    embeddings: np.ndarray,
    template_ids: npt.ArrayLike,
    media_ids: npt.ArrayLike,
    *,
    weighting: str = "mean",
    detector_scores: npt.ArrayLike | None = None,
) -> Templates:
    """Pools images into media and media into templates.

    The frames of one video show one moment, so they count as one image: their
    embeddings are averaged first, then the media of a template are summed, and
    the sum is brought to norm 1. Computed in float64, some thousand images at
    a time, so that a memory-mapped file need not fit into memory.

    Args:
        embeddings: float, `[num_images, embedding_dim]`, any norm but zero.
        template_ids: int, `[num_images]`.
        media_ids: int, `[num_images]`; a medium is counted for each template
            it is in.
        weighting: `"mean"`, all images equally, or `"norm"`, images by the norm
            of their embedding, which is small for blurred faces in models with
            un-normalized embeddings; that needs embeddings with their norms.
            Defaults to `"mean"`.
        detector_scores: float, `[num_images]`, at least 0, what each image
            weighs besides: how sure the detector was of the face. Defaults to
            `None`, all equally.

    Returns:
        `Templates`.

    Reference:
        - Maze et al., IARPA Janus Benchmark C, 2018
    """
    check_choice("weighting", weighting, WEIGHTINGS)
    embeddings = to_numpy(embeddings)
    if embeddings.ndim != 2:
        raise ValueError(
            "`embeddings` must be [num_images, embedding_dim]. "
            f"Received: embeddings.shape={embeddings.shape}"
        )
    template_ids = _check_ids("template_ids", template_ids, embeddings)
    media_ids = _check_ids("media_ids", media_ids, embeddings)
    weights = _check_detector_scores(detector_scores, embeddings)
    if weighting == "norm":
        _check_norms(embeddings)
    order = np.lexsort((media_ids, template_ids))
    ids, firsts = np.unique(template_ids[order], return_index=True)
    pooled = np.empty((len(ids), embeddings.shape[1]))
    for some, span in _blocks(firsts, len(order)):
        images = order[span]
        rows = _weighted_rows(embeddings, images, weighting)
        rows *= weights[images, None]
        pooled[some] = _pool(rows, template_ids[images], media_ids[images])
    # Raises for a template without direction.
    unit_embeddings(pooled, [f"template {index}" for index in ids])
    pooled /= np.linalg.norm(pooled, axis=1, keepdims=True)
    return Templates(ids, pooled)


def _blocks(
    firsts: np.ndarray, num_images: int
) -> Iterator[tuple[slice, slice]]:
    """Whole templates, and their images in order."""
    ends = np.append(firsts[1:], num_images)
    start = 0
    while start < len(firsts):
        first = int(firsts[start])
        stop = int(np.searchsorted(ends, first + BLOCK, side="right"))
        stop = max(stop, start + 1)
        yield slice(start, stop), slice(first, int(ends[stop - 1]))
        start = stop


def _weighted_rows(
    embeddings: np.ndarray, images: np.ndarray, weighting: str
) -> np.ndarray:
    rows = np.asarray(embeddings[images], np.float64)
    norms = np.linalg.norm(rows, axis=1)
    wrong = np.flatnonzero(~((norms > 0) & np.isfinite(norms)))
    if len(wrong):
        unit_embeddings(rows[wrong[:1]], [f"row {images[wrong[0]]}"])
    if weighting == "mean":
        rows /= norms[:, None]
    return rows


def _pool(
    rows: np.ndarray, templates: np.ndarray, media: np.ndarray
) -> np.ndarray:
    """Means of media, summed for each template; all in their order."""
    new_template = np.diff(templates, prepend=templates[0] - 1) != 0
    new_medium = new_template | (np.diff(media, prepend=media[0] - 1) != 0)
    firsts = np.flatnonzero(new_medium)
    counts = np.diff(firsts, append=len(rows))
    means = np.add.reduceat(rows, firsts, axis=0) / counts[:, None]
    starts = np.flatnonzero(new_template[firsts])
    return np.add.reduceat(means, starts, axis=0)


def _check_norms(embeddings: np.ndarray) -> None:
    for start in range(0, len(embeddings), BLOCK):
        rows = np.asarray(embeddings[start : start + BLOCK], np.float64)
        if not np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-3):
            return
    raise ValueError(
        '`weighting="norm"` needs embeddings with their norms; all of these '
        "have norm 1 (see `extract_embeddings(normalize=False)`). Received: "
        "embeddings of unit rows"
    )


def _check_detector_scores(
    scores: npt.ArrayLike | None, embeddings: np.ndarray
) -> np.ndarray:
    if scores is None:
        return np.ones(len(embeddings))
    scores = np.asarray(scores)
    if scores.shape != (len(embeddings),) or scores.dtype.kind not in "fiu":
        raise ValueError(
            "`detector_scores` must be numbers, one per embedding. Received: "
            f"detector_scores.dtype={scores.dtype}, detector_scores.shape="
            f"{scores.shape} with {len(embeddings)} embeddings"
        )
    scores = scores.astype(np.float64)
    wrong = np.flatnonzero(~((scores >= 0) & np.isfinite(scores)))
    if len(wrong):
        raise ValueError(
            "`detector_scores` must be finite and at least 0. Received: "
            f"detector_scores[{wrong[0]}]={scores[wrong[0]]}, {len(wrong)} "
            "such scores"
        )
    return scores


def _check_ids(
    name: str, ids: npt.ArrayLike, embeddings: np.ndarray
) -> np.ndarray:
    ids = np.asarray(ids)
    if ids.shape != (len(embeddings),) or ids.dtype.kind not in "iu":
        raise ValueError(
            f"`{name}` must be int, one per embedding. Received: {name}.dtype="
            f"{ids.dtype}, {name}.shape={ids.shape} with {len(embeddings)} "
            "embeddings"
        )
    return ids.astype(np.int64)
