"""The loss of a head without a logit for every class."""

from keras import ops

from keras_sphereface.heads.head_outputs import HeadLosses, HeadOutputs
from keras_sphereface.ops import (
    check_labels,
    resolve_class_chunk,
    safe_normalize,
    streamed_classes,
)

# What a subclass may override that looks at all classes at once.
_WHOLE_ROWS = ("margined", "apply_margin", "to_logits", "sample_losses")


def looks_at_one_class_at_a_time(head_class):
    """Whether a head's margin and loss are those of its elementwise form.

    Args:
        head_class: subclass of `MarginHead`.

    Returns:
        Bool; `False` where it overrides something after that form.
    """
    for ancestor in head_class.__mro__:
        if "elementwise_margin" in vars(ancestor):
            return ancestor.__name__ != "MarginHead"
        if any(name in vars(ancestor) for name in _WHOLE_ROWS):
            return False
    return False


def class_chunk_of(head, batch_size, embedding_dim):
    """Classes that a head computes at once, or `None` for all of them."""
    return resolve_class_chunk(
        head.class_chunk,
        batch_size=batch_size,
        embedding_dim=embedding_dim,
        num_classes=head.num_classes,
    )


def streamed_losses(head, embeddings, labels, training, class_chunk):
    """Losses of a batch, its classes computed slab by slab.

    Args:
        head: `MarginHead` that looks at one class at a time.
        embeddings: float tensor, `(batch_size, embedding_dim)`.
        labels: int tensor, `(batch_size,)`.
        training: bool.
        class_chunk: int, classes of a slab.

    Returns:
        `HeadLosses`.
    """
    labels = check_labels(labels, head.num_classes)
    embeddings = ops.cast(embeddings, "float32")
    unit_embeddings, norms = safe_normalize(embeddings)
    margin = head.elementwise_margin(norms, training)
    scale = ops.convert_to_tensor(head.logit_scale(norms), "float32")
    bias = head.logit_bias()
    weights = head.binary_weights()
    total, cos_target, largest = streamed_classes(
        unit_embeddings,
        head.centers,
        labels,
        class_chunk=class_chunk,
        scale=scale,
        bias=bias,
        function=margin.others,
        detach=margin.detach,
        is_binary=weights is not None,
        learns_scale=len(scale.shape) == 2,
    )
    cos_target = cos_target[:, None]
    logits = scale * margin.target_values(cos_target)
    plain = scale * margin.other_values(ops.stop_gradient(cos_target))
    if bias is not None:
        logits, plain = logits + bias, plain + bias
    if weights is None:
        losses = ops.softplus(total - logits[:, 0])
    else:
        losses = weights[0] * ops.softplus(-logits[:, 0]) + weights[1] * total
    losses = head.loss_factor() * losses
    norms = norms[:, 0]
    penalties = head.penalties(HeadOutputs(None, None, norms, labels))
    if penalties is not None:
        losses = losses + penalties
    return HeadLosses(
        losses, cos_target[:, 0], plain[:, 0] > largest, norms, labels
    )
