"""How many classes of a head to compute at once."""

import math

from keras_sphereface.backend.column_chunks import MAX_UNROLLED_CHUNKS
from keras_sphereface.contract.arguments import check_integer

# Dense logits, their gradient and one more of their size may take this much.
_DENSE_BYTES = 256 * 2**20
# A streamed head holds about eight matrices of a chunk.
_CHUNK_BYTES = 40 * 2**20
_CHUNK_MATRICES = 8
_FLOAT_BYTES = 4


def check_class_chunk(class_chunk):
    """`None`, `"auto"` or a positive int, or a `ValueError`."""
    if class_chunk is None or class_chunk == "auto":
        return class_chunk
    try:
        return check_integer("class_chunk", class_chunk, at_least=1)
    except ValueError:
        raise ValueError(
            "`class_chunk` must be None, 'auto' or an integer of at least 1. "
            f"Received: class_chunk={class_chunk!r}"
        ) from None


def resolve_class_chunk(class_chunk, *, batch_size, embedding_dim, num_classes):
    """Classes to compute at once, or `None` for all of them.

    `"auto"` computes all where their logits fit 256 MiB, three times over,
    and otherwise chunks of which eight matrices fit 40 MiB, to the next odd
    multiple of 16; but never more than 128 chunks, which XLA compiles on every
    backend, and whose matrices are a sixteenth of the centers or the logits.

    Args:
        class_chunk: `None`, `"auto"` or int, at least 1.
        batch_size: int, or `None` where it is not known; counts as 512.
        embedding_dim: int.
        num_classes: int.

    Returns:
        `None`, or an int.
    """
    if class_chunk != "auto":
        return class_chunk
    batch_size = batch_size or 512
    if 3 * batch_size * num_classes * _FLOAT_BYTES <= _DENSE_BYTES:
        return None
    rows = _CHUNK_MATRICES * max(batch_size, embedding_dim)
    width = max(
        _CHUNK_BYTES // (rows * _FLOAT_BYTES),
        math.ceil(num_classes / MAX_UNROLLED_CHUNKS),
    )
    return _balanced(num_classes, width)


def _balanced(num_classes, width):
    """A width near `width` whose chunks are of nearly one size.

    An odd multiple of 16: at powers of two the rows of a chunk share their
    places in the cache, and a product takes half as long again.
    """
    chunks = math.ceil(num_classes / width)
    sixteens = math.ceil(num_classes / chunks / 16)
    return 16 * (sixteens + (sixteens % 2 == 0))
