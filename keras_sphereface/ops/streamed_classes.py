"""Sums over classes that never hold a logit for every class at once."""

from keras import ops

from keras_sphereface.ops.class_slabs import (
    fold_slabs,
    inverse_column_norms,
    put_in_rows,
)
from keras_sphereface.ops.gradients import custom_gradient, vector_jacobian

# Below every logit, and far enough apart that their exponentials differ.
_LOW, _LOWER = -1e30, -2e30


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
):
    """What the classes other than the true one add up to, slab by slab.

    With `z_j = scale * f(cos(theta_j)) + bias`, the sum of a sample is `log
    sum over j != y of exp(z_j)`, or `sum over j != y of log(1 + exp(z_j))`
    where classes do not compete. Its loss then needs no more than that sum
    and the logit of the true class: `softplus(sum - z_y)` is the softmax
    cross-entropy. The true class is left out in its slab; taken out of the
    whole sum afterwards, it would leave nothing but rounding where it
    dominates.

    Going backward, the logits of a slab are computed again. Beside the
    gradients, the memory is that of a few slabs, `(batch_size, class_chunk)`
    and `(embedding_dim, class_chunk)`; there is no normalised copy of the
    centres. The results are those of the whole matrix, to rounding.

    Args:
        unit_embeddings: float32 tensor, `(batch_size, embedding_dim)`.
        centers: float32 tensor, `(embedding_dim, num_classes)`, any norm.
        labels: int32 tensor, `(batch_size,)`.
        class_chunk: int, classes of a slab, at least 1.
        scale: float32 tensor, `(batch_size, 1)`, at least 0.
        bias: float32 scalar. Defaults to `None`, no bias.
        function: callable from cosines to values, element by element, rising.
            Defaults to `None`, the cosines.
        detach: bool, whether the backward pass sees the cosines in place of
            the values. Defaults to `False`.
        is_binary: bool, which of the sums. Defaults to `False`, the first.
        learns_scale: bool, whether `scale` needs its gradient; it gets zeros
            otherwise where that takes work. Defaults to `False`.

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
    has_bias = bias is not None
    bias = ops.convert_to_tensor(bias if has_bias else 0.0, "float32")
    stream.has_bias = has_bias
    return custom_gradient(stream.run)(
        unit_embeddings, ops.convert_to_tensor(centers), scale, bias
    )


class _Stream:
    """The function that `custom_gradient` wraps: forward, then backward."""

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

    def run(self, unit, centers, scale, bias):
        total, largest, inverse = self.forward(unit, centers, scale, bias)
        own = ops.take(centers, self.labels, axis=1)
        own_cosine = ops.sum(unit * ops.transpose(own), axis=1)
        own_cosine = own_cosine * ops.take(inverse, self.labels)

        def gradient(d_total, d_own_cosine, d_largest=None):
            return self.backward(
                (unit, centers, scale, bias),
                inverse,
                own_cosine,
                total,
                d_total,
                d_own_cosine,
            )

        return (total, own_cosine, largest), gradient

    def forward(self, unit, centers, scale, bias):
        """The sum, the largest other logit, and one over the norms."""
        left = self._left(unit, scale)

        def step(state, slabs, start):
            largest, total = state
            inverse = inverse_column_norms(slabs[0])
            cosines = ops.matmul(left, slabs[0]) * inverse
            logits = self._logits(cosines, scale, bias)
            low = ops.full_like(largest, _LOWER)
            logits = put_in_rows(logits, self.labels - start, low)
            new = ops.maximum(largest, ops.max(logits, axis=1))
            if self.is_binary:
                total = total + ops.sum(ops.softplus(logits), axis=1)
            else:
                terms = ops.exp(logits - new[:, None])
                kept = total * ops.exp(largest - new)
                total = kept + ops.sum(terms, axis=1)
            return (new, total), inverse[None]

        zeros = ops.zeros_like(unit[:, 0])
        (largest, total), inverse = fold_slabs(
            step,
            (zeros + _LOW, zeros),
            (centers,),
            width=self.class_chunk,
            rows_written=1,
        )
        if not self.is_binary:
            is_empty = total <= 0.0  # no other class
            total = largest + ops.log(ops.where(is_empty, 1.0, total))
            total = ops.where(is_empty, _LOW, total)
        return total, largest, inverse[0]

    def backward(self, inputs, inverse, own_cosine, total, d_total, d_own):
        """Gradients of embeddings, centres, scale and bias."""
        unit, centers, scale, bias = inputs
        left = self._left(unit, scale)
        factor, own, shift = self._row_factors(scale[:, 0], total, d_total, d_own)
        right = ops.transpose(unit * factor[:, None])
        learns_values = self.learns_scale and self.function is not None
        sums_slopes = self.has_bias and self.is_binary

        def step(state, slabs, start):
            d_unit, values, slopes = state
            columns, inverse = slabs
            place = self.labels - start
            cosines = ops.matmul(left, columns) * inverse
            logits = self._logits(cosines, scale, bias) - shift[:, None]
            slope = ops.sigmoid(logits) if self.is_binary else ops.exp(logits)
            if learns_values or sums_slopes:
                others = put_in_rows(slope, place, ops.zeros_like(own))
            if sums_slopes:
                slopes = slopes + ops.sum(others, axis=1)
            if learns_values:
                value = self.function(cosines)
                values = values + ops.sum(others * value, axis=1)
            if self.function is not None and not self.detach:
                slope = vector_jacobian(self.function, cosines, slope)
            slope = put_in_rows(slope, place, own) * inverse
            d_unit = d_unit + ops.matmul(slope, ops.transpose(columns))
            d_columns = ops.matmul(right, slope)
            # A centre turns; its length changes nothing.
            radial = ops.sum(columns * d_columns, axis=0)
            d_columns = d_columns - columns * (inverse * inverse * radial)
            return (d_unit, values, slopes), d_columns

        zeros = ops.zeros_like(own)
        (d_unit, values, slopes), d_centers = fold_slabs(
            step,
            (ops.zeros_like(unit), zeros, zeros),
            (centers, inverse),
            width=self.class_chunk,
            rows_written=centers.shape[0],
        )
        if self.learns_scale and self.function is None:
            values = ops.sum(unit * d_unit, axis=1) - own * own_cosine
        d_scale = (values * d_total)[:, None]
        d_bias = ops.sum(d_total * slopes) if self.is_binary else ops.sum(d_total)
        return d_unit * factor[:, None], d_centers, d_scale, d_bias

    def _row_factors(self, scale, total, d_total, d_own):
        """What rows are multiplied by, once and outside of the slabs.

        The entry of the true class in a slab is what its own gradient makes
        of it after that. Where the other classes have no gradient to speak
        of, they are pushed to zero and the factor is 1.
        """
        factor = scale * d_total
        is_alone = ops.abs(factor) <= 1e-20 * ops.maximum(
            ops.abs(d_own), 1e-10
        )
        factor = ops.where(is_alone, 1.0, factor)
        shift = ops.zeros_like(total) if self.is_binary else total
        return factor, d_own / factor, ops.where(is_alone, -_LOW, shift)

    def _left(self, unit, scale):
        # Where the logit is a multiple of the cosine, the multiplication is
        # one of embeddings, not of logits.
        return unit * scale if self.function is None else unit

    def _logits(self, cosines, scale, bias):
        if self.function is not None:
            cosines = self.function(cosines) * scale
        return cosines + bias if self.has_bias else cosines
