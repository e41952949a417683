"""Which classes of a head take part in a step."""

from keras import ops, random

from keras_sphereface.backend.values import checked


def sample_classes(labels, batch_labels, *, num_classes, num_sampled, seed):
    """The classes of a batch, and others drawn at random without repetition.

    A class drawn at random stands for those that were not: its weight in the
    sum over classes is one over the chance it had, so that the sum is, on
    average over draws, that of all classes. Where the batch fills
    `num_sampled`, none is drawn, and the sum is that of its classes alone.

    Args:
        labels: int32 tensor, `(batch_size,)`.
        batch_labels: int32 tensor, `(global_batch_size,)`, those of all
            replicas.
        num_classes: int.
        num_sampled: int, at most `num_classes`, at least the number of
            different `batch_labels`.
        seed: as `keras.random.uniform` takes it, the same on all replicas.

    Returns:
        Tuple of the sampled classes, int32, `(num_sampled,)`, ascending; their
        weights, float32, `(num_sampled,)`; and the place of each label among
        them, int32, `(batch_size,)`.

    Reference:
        - [An et al., 2022](https://arxiv.org/abs/2203.15565), without weights
    """
    order = random.uniform((num_classes,), seed=seed)
    is_positive = ops.scatter_update(
        ops.zeros((num_classes,)),
        batch_labels[:, None],
        ops.ones_like(batch_labels, dtype="float32"),
    )
    _, classes = ops.top_k(order + 2.0 * is_positive, num_sampled)
    classes = ops.sort(ops.cast(classes, "int32"))
    places = ops.cast(ops.searchsorted(classes, labels), "int32")
    places = ops.clip(places, 0, num_sampled - 1)
    places = checked(
        places,
        labels,
        ops.take(classes, places) != labels,
        f"`sample_rate` must leave room for every class of a batch; it leaves "
        f"{num_sampled} of {num_classes} classes. Batches of one size, known "
        "before the step, always have it.",
    )
    num_positive = ops.sum(is_positive)
    drawn = ops.maximum(num_sampled - num_positive, 1.0)
    weight = (num_classes - num_positive) / drawn
    weights = ops.where(ops.take(is_positive, classes) > 0.0, 1.0, weight)
    return classes, weights, places
