"""The loss of a head without a logit for every class."""

import math

from keras import ops

from keras_sphereface.backend import (
    check_labels,
    gather_rows,
    replica_index_and_count,
)
from keras_sphereface.backend.counted_seed import CountedSeed
from keras_sphereface.class_softmax import (
    check_class_chunk,
    resolve_class_chunk,
    sample_classes,
    streamed_classes,
)
from keras_sphereface.heads.head_outputs import HeadLosses, HeadOutputs
from keras_sphereface.ops import (
    safe_normalize,
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


def check_class_arguments(head_class, class_chunk, sample_rate, sub_centers):
    """Raises a `ValueError` that names what the head cannot do.

    Args:
        head_class: subclass of `MarginHead`.
        class_chunk: `None`, `"auto"` or int, at least 1.
        sample_rate: float in `(0, 1]`.
        sub_centers: int.
    """
    check_class_chunk(class_chunk)
    if not 0 < sample_rate <= 1:
        raise ValueError(
            "`sample_rate` must be in (0, 1]. "
            f"Received: sample_rate={sample_rate}"
        )
    for name, value, default in (
        ("class_chunk", class_chunk, None),
        ("sample_rate", sample_rate, 1),
    ):
        if value == default:
            continue
        if sub_centers != 1:
            raise ValueError(
                "`sub_centers` must be 1 in a head that does not compute all "
                f"classes at once. Received: sub_centers={sub_centers}, "
                f"{name}={value!r}"
            )
        if not looks_at_one_class_at_a_time(head_class):
            raise ValueError(
                f"{head_class.__name__} looks at all classes at once, so "
                f"`{name}` must be left out. A margin of one cosine at a time "
                f"goes into `elementwise_margin`. Received: {name}={value!r}"
            )


def class_chunk_of(head, batch_size, embedding_dim):
    """Classes that a head computes at once, or `None` for all of them."""
    return resolve_class_chunk(
        head.class_chunk,
        batch_size=batch_size,
        embedding_dim=embedding_dim,
        num_classes=head.num_classes,
    )


def streamed_losses(head, embeddings, labels, training, class_chunk):
    """Losses of a batch, its classes computed chunk by chunk.

    Args:
        head: `MarginHead` that looks at one class at a time.
        embeddings: float tensor, `(batch_size, embedding_dim)`.
        labels: int tensor, `(batch_size,)`.
        training: bool.
        class_chunk: int, classes of a chunk.

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
    centers, places, class_weights = head.centers, labels, None
    num_classes = head.num_classes
    if training and head.sample_rate < 1.0:
        classes, class_weights, places = _draw_classes(head, labels)
        centers = ops.take(ops.convert_to_tensor(centers), classes, axis=1)
        num_classes = centers.shape[1]
    total, cos_target, largest = streamed_classes(
        unit_embeddings,
        centers,
        places,
        class_chunk=class_chunk,
        scale=scale,
        bias=bias,
        function=margin.others,
        detach=margin.detach,
        is_binary=weights is not None,
        learns_scale=len(scale.shape) == 2,
        weights=class_weights,
        num_classes=num_classes,
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


def _draw_classes(head, labels):
    _, replicas = replica_index_and_count()
    draws = ops.convert_to_tensor(head.sample_draws)
    head.sample_draws.assign(draws + 1)
    num_sampled = math.ceil(head.sample_rate * head.num_classes)
    # Room for every class of the batch, where its size is known.
    batch_size = (labels.shape[0] or 0) * replicas
    return sample_classes(
        labels,
        gather_rows(labels),
        num_classes=head.num_classes,
        num_sampled=min(max(num_sampled, batch_size), head.num_classes),
        seed=CountedSeed(head.sample_seed, draws),
    )
