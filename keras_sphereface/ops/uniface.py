"""UniFace: one threshold between all positive and all negative pairs."""

from keras import ops

from keras_sphereface.ops.class_margins import is_target


def uniface_losses(logits, labels, *, negative_weight):
    """Unified cross-entropy: binary, with one threshold for all classes.

    `log(1 + e^{-z_y}) + l * sum over j != y of log(1 + e^{z_j})`.

    Args:
        logits: float32 tensor, `(batch_size, num_classes)`, `z`.
        labels: int32 tensor, `(batch_size,)`.
        negative_weight: float, `l`, above 0.

    Returns:
        Float32 tensor, `(batch_size,)`.

    Reference:
        - Zhou et al., UniFace, ICCV 2023
    """
    losses = ops.where(
        is_target(logits, labels),
        ops.softplus(-logits),
        negative_weight * ops.softplus(logits),
    )
    return ops.sum(losses, axis=-1)
