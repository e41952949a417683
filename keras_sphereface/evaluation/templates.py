"""Several images of one person as one embedding, as IJB-B and IJB-C have it."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from keras_sphereface.contract import cosine_similarity, unit_embeddings
from keras_sphereface.contract.arguments import check_choice

WEIGHTINGS = ("mean", "norm")


class Templates(NamedTuple):
    """One unit embedding per template.

    Args:
        ids: int `[num_templates]`, ascending.
        embeddings: float32 `[num_templates, embedding_dim]`, rows of norm 1.
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
        self, ids_a: npt.ArrayLike, ids_b: npt.ArrayLike, block: int = 100_000
    ) -> np.ndarray:
        """Cosine similarity of pairs of templates, a block at a time.

        Args:
            ids_a: int, `[num_pairs]`.
            ids_b: int, `[num_pairs]`.
            block: int, pairs held at a time. Defaults to `100_000`.

        Returns:
            float32 array, `[num_pairs]`, in `[-1, 1]`.
        """
        rows_a, rows_b = self.rows(ids_a), self.rows(ids_b)
        if len(rows_a) != len(rows_b):
            raise ValueError(
                "`ids_a` and `ids_b` must have one template per pair. "
                f"Received: {len(rows_a)} and {len(rows_b)} templates"
            )
        scores = np.empty(len(rows_a), np.float32)
        for start in range(0, len(scores), block):
            part = slice(start, start + block)
            scores[part] = cosine_similarity(
                self.embeddings[rows_a[part]], self.embeddings[rows_b[part]]
            )
        return scores


def pool_templates(
    embeddings: np.ndarray,
    template_ids: npt.ArrayLike,
    media_ids: npt.ArrayLike,
    *,
    weighting: str = "mean",
) -> Templates:
    """Pools images into media and media into templates.

    The frames of one video show one moment, so they count as one image: their
    embeddings are averaged first, then the media of a template are summed, and
    the sum is brought to norm 1.

    Args:
        embeddings: float, `[num_images, embedding_dim]`, any norm but zero.
        template_ids: int, `[num_images]`.
        media_ids: int, `[num_images]`; a medium is counted for each template
            it is in.
        weighting: `"mean"`, all images equally, or `"norm"`, images by the norm
            of their embedding, which is small for blurred faces in models with
            un-normalized embeddings; that needs embeddings with their norms.
            Defaults to `"mean"`.

    Returns:
        `Templates`.

    Reference:
        - Maze et al., IARPA Janus Benchmark C, 2018
    """
    check_choice("weighting", weighting, WEIGHTINGS)
    template_ids = _check_ids("template_ids", template_ids, embeddings)
    media_ids = _check_ids("media_ids", media_ids, embeddings)
    units = unit_embeddings(embeddings)
    if weighting == "norm":
        norms = np.linalg.norm(np.asarray(embeddings, np.float64), axis=1)
        if np.allclose(norms, 1, atol=1e-3):
            raise ValueError(
                '`weighting="norm"` needs embeddings with their norms; all '
                "of these have norm 1 (see `extract_embeddings(normalize="
                "False)`). Received: embeddings of unit rows"
            )
        units = units * norms[:, None]
    both = np.stack([template_ids, media_ids], axis=1)
    media, medium_of_image = np.unique(both, axis=0, return_inverse=True)
    medium_of_image = medium_of_image.ravel()
    sums = _sum_by(units, medium_of_image, len(media))
    sums /= np.bincount(medium_of_image)[:, None]
    ids, template_of_medium = np.unique(media[:, 0], return_inverse=True)
    pooled = _sum_by(sums, template_of_medium, len(ids))
    names = [f"template {index}" for index in ids]
    return Templates(ids, unit_embeddings(pooled, names))


def _sum_by(
    rows: np.ndarray, groups: np.ndarray, num_groups: int
) -> np.ndarray:
    """Sums the rows of each group, in float64."""
    order = np.argsort(groups, kind="stable")
    firsts = np.searchsorted(groups[order], np.arange(num_groups))
    return np.add.reduceat(rows[order].astype(np.float64), firsts, axis=0)


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
    return ids
