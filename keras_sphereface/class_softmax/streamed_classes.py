"""Sums over classes that never hold a logit for every class at once."""

from keras import ops

from keras_sphereface.backend.column_chunks import fold_chunks
from keras_sphereface.backend.gradients import custom_gradient, vector_jacobian
from keras_sphereface.class_softmax.class_loss import LOW
from keras_sphereface.class_softmax.slope_rows import SlopeRows
from keras_sphereface.ops.cosines import (
    LEFT_OUT,
    inverse_column_norms,
    replace_in_rows,
)
from keras_sphereface.ops.detachment import detach_characteristic


def split_classes(
    unit_embeddings,
    centers,
    labels,
    *,
    class_chunk,
    margin,
    scale,
    bias=None,
    is_binary=False,
    class_weights=None,
    num_classes=None,
):
    """The logit of the true class, and what the others add up to, in chunks.

    As `split_logits` of `class_loss`, to rounding, in the memory of a few
    chunks.

    Args:
        unit_embeddings: float32 tensor, `(batch_size, embedding_dim)`.
        centers: float32 tensor, `(embedding_dim, num_columns)`, any norm.
        labels: int32 tensor, `(batch_size,)`, in `[0, num_classes)`.
        class_chunk: int, at least 1, how many classes at a time.
        margin: `ops.Margin`.
        scale: float; or a tensor `(batch_size, 1)`, which gets a gradient.
        bias: float32 scalar, which gets a gradient. Defaults to `None`, 0.
        is_binary: bool, which of the sums. Defaults to `False`.
        class_weights: float32 tensor, `(num_columns,)`, above 0, of the terms
            of the sum. Defaults to `None`, each 1.
        num_classes: int, columns that count; those after them are padding.
            Defaults to `None`, all.

    Returns:
        Tuple of float32 tensors: the logits of the true classes,
        `(batch_size,)`; the sums, `(batch_size,)`; the largest of the other
        logits, `(batch_size,)`, without a gradient; the cosines to the true
        classes, `(batch_size, 1)`.
    """
    scale = ops.convert_to_tensor(scale, "float32")
    total, cos_target, largest = streamed_classes(
        unit_embeddings,
        centers,
        labels,
        class_chunk=class_chunk,
        scale=scale,
        bias=bias,
        function=margin.others,
        detach=margin.detach,
        is_binary=is_binary,
        learns_scale=len(scale.shape) == 2,
        weights=class_weights,
        num_classes=num_classes,
    )
    cos_target = cos_target[:, None]
    values = margin.target_values(cos_target)
    if margin.detach == "cosine":
        values = detach_characteristic(values, cos_target)
    target = scale * values
    if margin.detach is True:
        target = detach_characteristic(target, scale * cos_target)
    if bias is not None:
        target = target + bias
    return target[:, 0], total, largest, cos_target


def streamed_classes(
    unit_embeddings,
    centers,
    labels,
    *,
    class_chunk,
    scale,
    bias=None,
    function=None,
    detach=False,
    is_binary=False,
    learns_scale=False,
    weights=None,
    num_classes=None,
):
    """What the classes other than the true one add up to, chunk by chunk.

    With `z_j = scale * f(cos(theta_j)) + bias`, the sum of a sample is `log
    sum over j != y of exp(z_j)`, or `sum over j != y of log(1 + exp(z_j))`
    where classes do not compete. Its loss then needs no more than that sum
    and the logit of the true class: `softplus(sum - z_y)` is the softmax
    cross-entropy. The true class is left out in its chunk; taken out of the
    whole sum afterward, it would leave nothing but rounding where it
    dominates.

    Going backward, the logits of a chunk are computed again. Beside the
    gradients, the memory is that of a few chunks, `(batch_size, class_chunk)`
    and `(embedding_dim, class_chunk)`; there is no normalized copy of the
    centers. The results are those of the whole matrix, to rounding.

    Args:
        unit_embeddings: float32 tensor, `(batch_size, embedding_dim)`.
        centers: float32 tensor, `(embedding_dim, num_classes)`, any norm.
        labels: int32 tensor, `(batch_size,)`.
        class_chunk: int, classes of a chunk, at least 1.
        scale: float32 tensor, `(batch_size, 1)`, at least 0.
        bias: float32 scalar. Defaults to `None`, no bias.
        function: callable from cosines to values, element by element,
            increasing. Defaults to `None`, the cosines.
        detach: bool, or `"cosine"`. As in `ops.Margin`. Defaults to `False`.
        is_binary: bool, which of the sums. Defaults to `False`, the first.
        learns_scale: bool, whether `scale` needs its gradient; it gets zeros
            otherwise where that takes work. Defaults to `False`.
        weights: float32 tensor, `(num_classes,)`, above 0, of the terms of
            the sum. Defaults to `None`, each 1.
        num_classes: int, columns that count; those after them are padding.
            Defaults to `None`, all.

    Returns:
        Tuple of float32 tensors, `(batch_size,)`: the sum; the cosine to the
        true class; the largest of the other logits, without a gradient.
    """
    scale = ops.broadcast_to(
        ops.cast(scale, "float32"), (ops.shape(unit_embeddings)[0], 1)
    )
    stream = _Stream(
        labels, class_chunk, function, detach, is_binary, learns_scale
    )
    stream.has_bias = bias is not None
    stream.weights = weights
    stream.num_classes = num_classes or centers.shape[1]
    bias = ops.cast(0.0 if bias is None else bias, "float32")
    centers = ops.cast(centers, "float32")  # no longer a variable
    return custom_gradient(stream.run_in_chunks)(
        unit_embeddings, centers, scale, bias
    )


class _Stream:
    """Forward and backward, as `custom_gradient` wants them."""

    def __init__(
        self, labels, class_chunk, function, detach, is_binary, learns_scale
    ):
        self.labels = labels
        self.class_chunk = class_chunk
        self.function = function
        self.detach = detach
        self.is_binary = is_binary
        self.learns_scale = learns_scale
        self.has_bias = False
        self.weights = None
        self.num_classes = None

    def run_in_chunks(self, unit, centers, scale, bias):
        """One chunk after the other, and once more in the backward pass."""
        left = self._left(unit, scale)
        zeros = ops.zeros_like(unit[:, 0])
        weights = () if self.weights is None else (self.weights,)

        def step(state, chunks, start):
            largest, total, own = state
            inverse = inverse_column_norms(chunks[0])
            products = ops.matmul(left, chunks[0]) * inverse
            logits = self._logits(products, scale, bias)
            place = self.labels - start
            # Of the same product as the others, to the last bit.
            own = ops.where(
                is_inside(place, products), take_near(products, place), own
            )
            logits = put_in_rows(logits, place, zeros + LEFT_OUT)
            logits = self._without_padding(logits, start, centers)
            new = ops.maximum(largest, ops.max(logits, axis=1))
            if self.is_binary:
                total = total + weighted_sum(ops.softplus(logits), *chunks[1:])
            else:
                terms = ops.exp(logits - new[:, None])
                kept = total * ops.exp(largest - new)
                total = kept + weighted_sum(terms, *chunks[1:])
            return (new, total, own), inverse[None]

        (largest, total, own), inverse = fold_chunks(
            step,
            (zeros + LOW, zeros, zeros),
            (centers, *weights),
            width=self.class_chunk,
            rows_written=1,
        )
        inverse = inverse[0]
        if not self.is_binary:
            total = log_total(largest, total)
        own_cosine = self._cosines(own[:, None], scale)[:, 0]

        def gradient(d_total, d_own, d_largest=None):
            rows = SlopeRows(unit, scale[:, 0], d_total, d_own)

            def step(sums, chunks, start):
                products = ops.matmul(left, chunks[0]) * chunks[1]
                logits = self._logits(products, scale, bias)
                logits = self._without_padding(logits, start, centers)
                if self.is_binary:
                    slopes = ops.sigmoid(logits)
                else:
                    slopes = ops.exp(logits - total[:, None])
                if len(chunks) > 2:
                    slopes = slopes * chunks[2]
                place = self.labels - start
                if self._sums_slopes or self._sums_values:
                    slopes = put_in_rows(slopes, place, zeros)
                *more, d_columns = self._chunk_gradients(
                    rows, products, slopes, *chunks[:2], place
                )
                sums = tuple(a + b for a, b in zip(sums, more, strict=True))
                return sums, d_columns

            sums, d_centers = fold_chunks(
                step,
                (ops.zeros_like(unit), zeros, zeros),
                (centers, inverse, *weights),
                width=self.class_chunk,
                rows_written=centers.shape[0],
            )
            return self._gradients(rows, sums, d_centers, own_cosine)

        return (total, own_cosine, largest), gradient

    def _chunk_gradients(self, rows, products, slopes, columns, inverse, place):
        """What a chunk adds to the gradients of rows, and its own."""
        nothing = ops.zeros_like(rows.own)
        values = slope_sums = nothing
        if self._sums_slopes:
            slope_sums = ops.sum(slopes, axis=1)
        if self._sums_values:
            seen = products if self.detach is True else self.function(products)
            values = ops.sum(slopes * seen, axis=1)
        if self.function is not None and not self.detach:
            (slopes,) = vector_jacobian(self.function, (products,), slopes)
        slopes = put_in_rows(slopes, place, rows.own)
        # A center turns; its length changes nothing.
        weights = rows.factor
        if self.function is None:
            weights = weights / rows.scale_or_one
        radial = ops.matmul(weights[None, :], slopes * products)[0]
        slopes = slopes * inverse
        d_unit = ops.matmul(slopes, ops.transpose(columns))
        d_columns = ops.matmul(rows.right, slopes)
        d_columns = d_columns - columns * (inverse * inverse * radial)
        return d_unit, values, slope_sums, d_columns

    def _gradients(self, rows, sums, d_centers, own_cosine):
        """Gradients of embeddings, centers, scale and bias."""
        d_unit, values, slope_sums = sums
        if self.learns_scale and self.function is None:
            values = ops.sum(rows.unit * d_unit, axis=1)
            values = values - rows.own * own_cosine
        d_bias = rows.d_total * slope_sums if self.is_binary else rows.d_total
        d_scale = (values * rows.d_total)[:, None]
        return (
            d_unit * rows.factor[:, None],
            d_centers,
            d_scale,
            ops.sum(d_bias),
        )

    @property
    def _sums_slopes(self):
        return self.has_bias and self.is_binary

    @property
    def _sums_values(self):
        return self.learns_scale and self.function is not None

    def _left(self, unit, scale):
        # Where the logit is a multiple of the cosine, the multiplication is
        # one of embeddings, not of logits.
        return unit * scale if self.function is None else unit

    def _logits(self, products, scale, bias):
        if self.function is not None:
            products = self.function(products) * scale
        return products + bias if self.has_bias else products

    def _without_padding(self, logits, start, centers):
        if self.num_classes == centers.shape[1]:
            return logits
        classes = start + ops.arange(logits.shape[1])
        return ops.where(classes[None, :] < self.num_classes, logits, LEFT_OUT)

    def _cosines(self, products, scale):
        if self.function is not None:
            return products
        return products / ops.where(scale == 0.0, 1.0, scale)


def put_in_rows(matrix, columns, values):
    """As `replace_in_rows`, for columns that may lie outside the matrix.

    A row whose column does stays as it is. Not to be differentiated.
    """
    values = ops.where(
        is_inside(columns, matrix), values, take_near(matrix, columns)
    )
    columns = ops.clip(columns, 0, matrix.shape[1] - 1)
    return replace_in_rows(matrix, columns, values)


def is_inside(columns, matrix):
    """Whether each column is one of the matrix, bool, `(num_rows,)`."""
    return (columns >= 0) & (columns < matrix.shape[1])


def take_near(matrix, columns):
    """One entry of each row, at a column or the nearest there is."""
    columns = ops.clip(columns, 0, matrix.shape[1] - 1)
    return ops.take_along_axis(matrix, columns[:, None], axis=1)[:, 0]


def weighted_sum(terms, weights=None):
    """Sum of each row, float32, `(batch_size,)`."""
    if weights is None:
        weights = ops.ones((terms.shape[1],))
    return ops.matmul(terms, weights[:, None])[:, 0]


def log_total(largest, total):
    """Logarithm of a sum that was divided by the exponential of `largest`."""
    is_empty = total <= 0.0  # there is no other class
    total = largest + ops.log(ops.where(is_empty, 1.0, total))
    return ops.where(is_empty, LOW, total)
