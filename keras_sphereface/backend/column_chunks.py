"""Chunks of classes, one after the other, on whichever backend runs.

A chunk is a run of columns. `keras.ops` would hold all chunks at once, or copy
the whole matrix for each one it writes; here the memory is that of one chunk.
"""

import keras
from keras import ops

# Past this many chunks a TensorFlow graph loops instead of unrolling: it is
# smaller, and XLA cannot compile it.
MAX_UNROLLED_CHUNKS = 128


def fold_chunks(step, state, arrays, *, width, rows_written=0):
    """Runs `step` over chunks of columns, from the first class to the last.

    Args:
        step: callable `(state, chunks, start)`, with `chunks` the columns from
            `start` of each array, to a new state, or, if it writes, to a
            tuple of the new state and a matrix for these columns.
        state: tuple of tensors to start from.
        arrays: tuple of tensors whose last axis is classes.
        width: int, columns of a chunk; the last may be narrower.
        rows_written: int, rows of the matrix that `step` gives each time.
            Defaults to `0`, no matrix.

    Returns:
        The last state; if it writes, a tuple of that and of the matrices side
        by side.
    """
    fold = _FOLDS[keras.backend.backend()]
    num_columns = arrays[0].shape[-1]
    width = min(width, num_columns)
    state, written = fold(step, state, arrays, num_columns, width, rows_written)
    return (state, written) if rows_written else state


def compiles_with_xla(num_columns, width):
    """Whether a step over so many chunks may be compiled by XLA.

    Args:
        num_columns: int.
        width: int, columns of a chunk.

    Returns:
        Bool; `False` where a TensorFlow graph loops.
    """
    unrolls = num_columns // width <= MAX_UNROLLED_CHUNKS
    return unrolls or keras.backend.backend() != "tensorflow"


def _fold_on_tensorflow(step, state, arrays, num_columns, width, rows):
    import tensorflow as tf

    if tf.executing_eagerly():
        return _fold_in_pieces(step, state, arrays, num_columns, width, rows)

    # One node of the graph, so that many chunks are soon traced. It counts on
    # by itself: one that is given a number is optimized for each number.
    def step_of_columns(state, arrays, start, size):
        chunks = tuple(_columns_on_tensorflow(a, start, size) for a in arrays)
        return step(state, chunks, start), start + size

    step_of_columns = tf.function(
        step_of_columns,
        autograph=False,
        experimental_attributes={"_noinline": True},
    )
    # Wider elements are fewer to copy, and the kernel is slow on each.
    lanes = 2 if width % 2 == 0 and num_columns % 2 == 0 else 1
    # Not zeros: TensorFlow keeps those as a constant, and would write into a
    # copy.
    written = tf.raw_ops.Empty(
        shape=(rows, num_columns // lanes),
        dtype=tf.int64 if lanes == 2 else tf.float32,
    )

    def step_at(start, size, state, written, counted):
        # One chunk after the other: the executor would run several at once.
        with tf.control_dependencies([*state, written]):
            found, counted = step_of_columns(state, arrays, counted, size)
        if not rows:
            return found, written, counted
        state, columns = found
        if lanes == 2:
            columns = tf.reshape(columns, (rows, size // 2, 2))
            columns = tf.bitcast(columns, tf.int64)
        # Writes into the buffer: nothing else refers to it.
        written = tf.raw_ops.TensorStridedSliceUpdate(
            input=written,
            begin=[0, start // lanes],
            end=[rows, (start + size) // lanes],
            strides=[1, 1],
            value=columns,
        )
        return state, written, counted

    whole, start = num_columns // width, 0
    carried = state, written, tf.constant(0)
    if whole > MAX_UNROLLED_CHUNKS:
        carried = tf.while_loop(
            lambda state, written, counted: counted < whole * width,
            lambda state, written, counted: step_at(
                counted, width, state, written, counted
            ),
            carried,
            parallel_iterations=1,
        )
        start = whole * width
    while start < num_columns:
        size = min(width, num_columns - start)
        carried = step_at(start, size, *carried)
        start += size
    state, written, _ = carried
    if lanes == 2:
        written = tf.bitcast(written, tf.float32)
    return state, tf.reshape(written, (rows, num_columns))


def _columns_on_tensorflow(array, start, size):
    import tensorflow as tf

    if len(array.shape) == 1:
        return tf.slice(array, (start,), (size,))
    return tf.slice(array, (0, start), (array.shape[0], size))


def _fold_in_pieces(step, state, arrays, num_columns, width, rows):
    pieces = []
    for start in range(0, num_columns, width):
        end = min(start + width, num_columns)
        state = step(state, tuple(a[..., start:end] for a in arrays), start)
        if rows:
            state, columns = state
            pieces.append(columns)
    return state, ops.concatenate(pieces, axis=-1) if rows else None


def _fold_on_torch(step, state, arrays, num_columns, width, rows):

    written = arrays[0].new_empty((rows, num_columns))
    for start in range(0, num_columns, width):
        end = min(start + width, num_columns)
        state = step(state, tuple(a[..., start:end] for a in arrays), start)
        if rows:
            state, written[..., start:end] = state
    return state, written


def _fold_on_jax(step, state, arrays, num_columns, width, rows):
    from jax import lax

    written = ops.zeros((rows, num_columns))

    def step_at(start, size, carry):
        state, written = carry
        chunks = tuple(
            lax.dynamic_slice_in_dim(a, start, size, axis=-1) for a in arrays
        )
        state = step(state, chunks, start)
        if rows:
            state, columns = state
            written = lax.dynamic_update_slice_in_dim(
                written, columns, start, axis=-1
            )
        return state, written

    whole, rest = divmod(num_columns, width)
    carry = lax.fori_loop(
        0,
        whole,
        lambda k, carry: step_at(k * width, width, carry),
        (state, written),
    )
    if rest:
        carry = step_at(whole * width, rest, carry)
    return carry


_FOLDS = {
    "tensorflow": _fold_on_tensorflow,
    "jax": _fold_on_jax,
    "torch": _fold_on_torch,
}
