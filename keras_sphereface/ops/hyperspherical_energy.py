"""Minimum hyperspherical energy: centers that keep away from each other."""

from keras import ops

from keras_sphereface.ops.cosines import safe_normalize
from keras_sphereface.ops.margins import angle


def hyperspherical_energy(centers, labels):
    """Mean of `theta^-2` over pairs of centers of the classes in a batch.

    Args:
        centers: float32 tensor, `(embedding_dim, num_classes)`.
        labels: int32 tensor, `(batch_size,)`; classes may repeat.

    Returns:
        Float32 scalar; 0 where `labels` hold one class.

    Reference:
        - [Liu et al., 2018](https://arxiv.org/abs/1805.09298)
    """
    labels = ops.convert_to_tensor(labels)
    unit, _ = safe_normalize(ops.take(centers, labels, axis=1), axis=0)
    energies = ops.square(1.0 / angle(ops.matmul(ops.transpose(unit), unit)))
    # A pair counts once, and a class where it comes first.
    rows = ops.arange(ops.shape(labels)[0])
    is_before = rows[:, None] < rows[None, :]
    is_repeated = ops.any(
        (labels[:, None] == labels[None, :]) & is_before, axis=0
    )
    is_first = ops.logical_not(is_repeated)
    counts = is_before & is_first[:, None] & is_first[None, :]
    counts = ops.cast(counts, energies.dtype)
    return ops.sum(counts * energies) / ops.maximum(ops.sum(counts), 1.0)
