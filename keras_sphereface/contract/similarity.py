"""How two embeddings are compared, everywhere."""

from collections.abc import Callable
from typing import Protocol

import numpy as np
import numpy.typing as npt

# Images `[batch_size, height, width, 3]` to embeddings, an array or a tensor.
Embed = Callable[[np.ndarray], npt.ArrayLike]


class RowNames(Protocol):
    """What an error calls each row, such as a list of str."""

    def __getitem__(self, index: int, /) -> str: ...


class EmbeddingError(ValueError):
    """An embedding that has no direction.

    Args:
        message: str.
        is_finite: bool; `True` where the embedding is all zeros, `False`
            where it holds NaN or infinity.
    """

    def __init__(self, message: str, *, is_finite: bool) -> None:
        super().__init__(message)
        self.is_finite = is_finite


def unit_embeddings(
    embeddings: npt.ArrayLike, names: RowNames | None = None
) -> np.ndarray:
    """Embeddings divided by their norm.

    Args:
        embeddings: array or tensor, `[batch_size, embedding_dim]`, any norm
            but zero.
        names: what an error calls each row, `batch_size` strings. Defaults to
            `None`, the row's number.

    Returns:
        float32 array, `[batch_size, embedding_dim]`, rows of norm 1.

    Raises:
        EmbeddingError: a row is all zeros or holds NaN or infinity; it is
            named.
    """
    return _unit_rows(embeddings, names).astype(np.float32)


def cosine_similarity(a: npt.ArrayLike, b: npt.ArrayLike) -> np.ndarray:
    """Cosine of the angle between embeddings, row by row.

    Args:
        a: array or tensor, `[batch_size, embedding_dim]`, or one embedding
            `[embedding_dim]`, which is compared with every row of the other.
        b: as `a`.

    Returns:
        float32 array in `[-1, 1]`: `[batch_size]`, or a float32 scalar for two
        single embeddings. The order of `a` and `b` does not matter.
    """
    a, b = to_numpy(a), to_numpy(b)
    single = a.ndim == b.ndim == 1
    a, b = (x[None] if x.ndim == 1 else x for x in (a, b))
    if (
        a.ndim != 2
        or b.ndim != 2
        or a.shape[1] != b.shape[1]
        or (len(a) != len(b) and 1 not in (len(a), len(b)))
    ):
        raise ValueError(
            "`a` and `b` must be [batch_size, embedding_dim] with equal "
            "shapes, or one of them a single embedding. "
            f"Received: a.shape={a.shape}, b.shape={b.shape}"
        )
    cosine = np.sum(_unit_rows(a) * _unit_rows(b), axis=1)
    cosine = np.clip(cosine, -1.0, 1.0).astype(np.float32)
    return cosine[0] if single else cosine


def flip_fusion(
    embed: Embed, images: npt.ArrayLike, names: RowNames | None = None
) -> np.ndarray:
    """Unit embeddings of the images and their mirror images together.

    A face and its mirror image are the same person, so the sum of both
    embeddings is steadier than either. Each is brought to norm 1 before they
    are added: a training model with embeddings of any norm and its exported
    file with unit embeddings then give the same result.

    Args:
        embed: callable, images to embeddings `[batch_size, embedding_dim]`.
        images: `[batch_size, height, width, 3]`.
        names: what an error calls each image. Defaults to `None`, its number.

    Returns:
        float32 array, `[batch_size, embedding_dim]`, rows of norm 1.
    """
    images = np.asarray(images)
    if images.ndim != 4:
        raise ValueError(
            "`images` must be [batch_size, height, width, 3]. "
            f"Received: images.shape={images.shape}"
        )
    straight = _unit_rows(embed(images), names)
    mirrored = _unit_rows(
        embed(np.ascontiguousarray(images[:, :, ::-1])), names
    )
    if not len(straight) == len(mirrored) == len(images):
        raise ValueError(
            "`embed` must return one embedding per image. "
            f"Received: {len(straight)} embeddings of {len(images)} images"
        )
    return unit_embeddings(straight + mirrored, names)


def to_numpy(values: npt.ArrayLike) -> np.ndarray:
    """A NumPy array of an array or a tensor of any backend."""
    if hasattr(values, "detach"):
        # torch keeps gradients and devices apart, and has no NumPy bfloat16.
        values = values.detach().float().cpu()
    return np.asarray(values)


def _unit_rows(
    embeddings: npt.ArrayLike, names: RowNames | None = None
) -> np.ndarray:
    """Float64 unit rows: float32 squares overflow from 2e19 on."""
    embeddings = to_numpy(embeddings)
    if embeddings.ndim != 2:
        raise ValueError(
            "`embeddings` must be [batch_size, embedding_dim]. "
            f"Received: embeddings.shape={embeddings.shape}"
        )
    embeddings = embeddings.astype(np.float64)
    # Dividing by the largest entry first keeps tiny and huge rows exact.
    peaks = np.max(np.abs(embeddings), axis=1, keepdims=True, initial=0.0)
    for row, peak in enumerate(peaks[:, 0]):
        if not np.isfinite(peak) or peak == 0:
            fault = "is all zeros" if peak == 0 else "holds NaN or infinity"
            name = f"row {row}" if names is None else names[row]
            raise EmbeddingError(
                "An embedding must be finite and not all zeros to have a "
                f"direction. Received: the embedding of {name} {fault}",
                is_finite=bool(np.isfinite(peak)),
            )
    scaled = embeddings / peaks
    return scaled / np.linalg.norm(scaled, axis=1, keepdims=True)
