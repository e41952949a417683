"""What the replicas of a `tf.distribute` step have in common.

On one device, outside a step, and on JAX, where a step sees the global batch,
each function returns what it was given.
"""

import keras
from keras import ops


def replica_index_and_count():
    """Which replica computes, of how many.

    Returns:
        Tuple of an int or int tensor, in `[0, count)`, and an int.
    """
    context = _replica_context()
    if context is None:
        return 0, 1
    return context.replica_id_in_sync_group, context.num_replicas_in_sync


def sum_over_replicas(tensor):
    """Sum of a tensor over the replicas, the same on each.

    Args:
        tensor: tensor, or list of tensors, of one shape on all replicas.

    Returns:
        Like `tensor`.
    """
    context = _replica_context()
    if context is None:
        return tensor
    import tensorflow as tf

    return context.all_reduce(tf.distribute.ReduceOp.SUM, tensor)


def gather_rows(rows):
    """Rows of all replicas, in the order of the global batch.

    Args:
        rows: tensor, `[batch_size, ...]`, of one shape on all replicas.

    Returns:
        Tensor, `[count * batch_size, ...]`.
    """
    index, count = replica_index_and_count()
    if count == 1:
        return rows
    # An all-reduce of rows in their places: TensorFlow's all_gather wants a
    # collective that not every device has.
    is_mine = ops.cast(ops.arange(count) == index, rows.dtype)
    is_mine = ops.reshape(is_mine, (count,) + (1,) * len(rows.shape))
    gathered = sum_over_replicas(is_mine * rows[None])
    return ops.reshape(gathered, (-1, *rows.shape[1:]))


def _replica_context():
    if keras.backend.backend() != "tensorflow":
        return None
    import tensorflow as tf

    context = tf.distribute.get_replica_context()
    if context is None or context.num_replicas_in_sync == 1:
        return None
    return context
