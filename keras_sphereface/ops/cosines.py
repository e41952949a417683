"""Cosines between embeddings and centers, plain or with a margin in place."""

import keras
from keras import ops

from keras_sphereface.backend.gradients import custom_gradient, vector_jacobian
from keras_sphereface.ops.margins import Margin

# Below this squared norm a float32 vector has no direction worth the name.
_TINY_SQUARED_NORM = 1e-30
# Stands where the true class is left out: below every logit, and so far that
# neither its exponential nor its sigmoid counts.
LEFT_OUT = -2e30


def safe_normalize(vectors, axis=-1):
    """Unit vectors and their norms, with a zero vector left at zero.

    A zero vector gets direction 0, norm 0 and gradient 0, where the plain
    quotient would give NaN.

    Args:
        vectors: float32 tensor, any shape.
        axis: int, the axis that holds a vector's components. Defaults to
            `-1`.

    Returns:
        Tuple of the unit vectors, shaped like `vectors`, and their norms,
        with `axis` kept at size 1.
    """
    squared = ops.sum(ops.square(vectors), axis=axis, keepdims=True)
    is_zero = squared < _TINY_SQUARED_NORM
    inverse = ops.rsqrt(ops.where(is_zero, 1.0, squared))
    inverse = ops.where(is_zero, 0.0, inverse)
    return vectors * inverse, squared * inverse


def inverse_column_norms(matrix):
    """One over the norm of each column; 0 for a column of zeros.

    Args:
        matrix: float tensor, `(num_rows, num_columns)`.

    Returns:
        Float tensor, `(num_columns,)`.
    """
    # A product sums columns faster than a reduction does. TensorFlow's norm of
    # columns is faster by a percent of a step, and XLA does not compile it.
    ones = ops.ones((1, matrix.shape[0]))
    squared = ops.matmul(ones, ops.square(matrix))[0]
    is_zero = squared < _TINY_SQUARED_NORM
    inverse = ops.rsqrt(ops.where(is_zero, 1.0, squared))
    return ops.where(is_zero, 0.0, inverse)


def cosines(unit_embeddings, centers):
    """Cosines of unit embeddings to centers of any norm.

    The same as a product with normalized centers, in value and in gradient,
    without normalizing them: their norms divide the product, and the part of
    the gradient along a center is taken off in the backward pass. A center of
    zeros has cosine 0 and gradient 0.

    Args:
        unit_embeddings: float32 tensor, `(batch_size, embedding_dim)`.
        centers: float32 tensor, `(embedding_dim, num_classes)`.

    Returns:
        Float32 tensor, `(batch_size, num_classes)`.
    """
    first = ops.zeros_like(unit_embeddings[:, 0], dtype="int32")
    cos_theta, *_ = class_logits(
        unit_embeddings, centers, first, margin=Margin(), scale=1.0
    )
    return cos_theta


def logits_of_cosines(
    cos_theta, labels, *, margin, scale, bias=None, apart=False
):
    """As `class_logits`, from cosines that were computed before.

    Args:
        cos_theta: float32 tensor, `(batch_size, num_classes)`.
        labels: int32 tensor, `(batch_size,)`, in `[0, num_classes)`.
        margin: `Margin`.
        scale: float; or a tensor `(batch_size, 1)`, which gets a gradient.
        bias: float32 scalar, which gets a gradient. Defaults to `None`, 0.
        apart: bool. Defaults to `False`.

    Returns:
        As `class_logits`.
    """
    return class_logits(
        cos_theta,
        None,
        labels,
        margin=margin,
        scale=scale,
        bias=bias,
        apart=apart,
    )


def class_logits(
    unit_embeddings,
    centers,
    labels,
    *,
    margin,
    scale,
    bias=None,
    apart=False,
):
    """Logits of all classes, `scale * value + bias`, with a margin in place.

    With `margin.detach` the backward pass sees the cosines in place of the
    values, and so does `scale`, where it has a gradient; with `"cosine"` it
    sees the values.

    Beside the matrix products, the matrix of logits is passed over once going
    forward and twice going backward: no normalized centers, no mask, no copy.

    Args:
        unit_embeddings: float32 tensor, `(batch_size, embedding_dim)`; the
            cosines themselves, `(batch_size, num_classes)`, without `centers`.
        centers: float32 tensor, `(embedding_dim, num_classes)`, any norm; or
            `None`.
        labels: int32 tensor, `(batch_size,)`, in `[0, num_classes)`.
        margin: `Margin`.
        scale: float; or a tensor `(batch_size, 1)`, which gets a gradient.
        bias: float32 scalar, which gets a gradient. Defaults to `None`, 0.
        apart: bool, whether the true class is left out of the matrix, as a
            loss wants it that weighs it against the others. Defaults to
            `False`.

    Returns:
        Tuple of float32 tensors: the logits, `(batch_size, num_classes)`,
        with `apart` `LEFT_OUT` at the true class; the logits of the true
        class, `(batch_size,)`, which have a gradient with `apart`; the
        cosines to it, `(batch_size, 1)`, without a gradient.
    """
    target, others, detach, parameters = margin
    scale = ops.convert_to_tensor(scale, "float32")
    learns_scale, has_bias = len(scale.shape) == 2, bias is not None
    own_place = labels[:, None]

    def forward(unit, scale, bias, *more):
        scale_or_one = ops.where(scale == 0.0, 1.0, scale)
        # Without a value for the others, the logit is a multiple of the
        # cosine, and the multiplication one of embeddings.
        values, left = unit, unit * scale
        if centers is not None:
            more, centers_now = more[1:], more[0]
            inverse = inverse_column_norms(centers_now)
            values = unit if others is not None else left
            values = ops.matmul(values, centers_now) * inverse
        elif others is None:
            values = left
        cos_theta = values
        cos_target = ops.take_along_axis(values, own_place, axis=1)
        if others is None:
            cos_target = cos_target / scale_or_one
        else:
            values = others(values) * scale
        if has_bias:
            values = values + bias
        own_value = cos_target if target is None else target(cos_target, *more)
        own_value = own_value * scale
        own_logit = (own_value + bias)[:, 0]
        logits = values
        if apart or target is not None or others is not None:
            own = ops.full_like(own_logit, LEFT_OUT) if apart else own_logit
            logits = replace_in_rows(values, labels, own)

        def gradient(upstream, d_own=None, d_cos_target=None):
            # Of the cosines, over `scale`.
            slopes, d_more = upstream, tuple(map(ops.zeros_like, more))
            if apart:
                d_own = d_own[:, None]
            else:
                d_own = ops.take_along_axis(upstream, own_place, axis=1)
            own = d_own
            if not detach:
                if target is not None:
                    own, *d_more = vector_jacobian(
                        target, (cos_target, *more), own * scale
                    )
                    own = own / scale_or_one
                if others is not None:
                    (slopes,) = vector_jacobian(others, (cos_theta,), upstream)
            if apart or (logits is not values and not detach):
                slopes = replace_in_rows(slopes, labels, own[:, 0])
            d_scale, d_bias = ops.zeros_like(scale), ops.zeros_like(bias)
            if learns_scale:
                seen = logits - bias if has_bias else logits
                own_seen, own_there = own_value, own_value
                if detach is True:
                    own_seen = cos_target * scale
                    if others is not None:
                        seen, own_there = cos_theta * scale, own_seen
                d_scale = ops.sum(upstream * seen, axis=1, keepdims=True)
                if not apart:
                    own_seen = own_seen - own_there
                d_scale = (d_scale + d_own * own_seen) / scale_or_one
            if has_bias:
                d_bias = ops.sum(upstream)
                if apart:
                    d_bias = d_bias + ops.sum(d_own)
            if centers is None:
                return slopes * scale, d_scale, d_bias, *d_more
            weights = ops.ones_like(scale) if others is None else scale
            if others is None and not has_bias:
                # The logits are multiples of the cosines but for the true
                # class, and the cosines need not wait for this.
                along = upstream * logits
                own = own * scale * cos_target
                if not apart:
                    own = own - d_own * own_logit[:, None]
                own = ops.segment_sum(own[:, 0], labels, inverse.shape[0])
            else:
                along, own = slopes * cos_theta, 0.0
            slopes = slopes * inverse
            d_unit = ops.matmul(slopes, ops.transpose(centers_now)) * scale
            d_centers = ops.matmul(ops.transpose(left), slopes)
            # A center turns; its length changes nothing.
            radial = ops.matmul(ops.transpose(weights), along)[0] + own
            d_centers -= centers_now * (inverse * inverse * radial)
            return d_unit, d_scale, d_bias, d_centers, *d_more

        return (logits, own_logit, cos_target), gradient

    return custom_gradient(forward)(
        ops.cast(unit_embeddings, "float32"),
        ops.broadcast_to(scale, (ops.shape(unit_embeddings)[0], 1)),
        ops.cast(bias if has_bias else 0.0, "float32"),
        *(() if centers is None else (ops.cast(centers, "float32"),)),
        *map(ops.convert_to_tensor, parameters),
    )


def leave_out(logits, labels):
    """The logits of the true class, and those of the others.

    Args:
        logits: float32 tensor, `(batch_size, num_classes)`.
        labels: int32 tensor, `(batch_size,)`, in `[0, num_classes)`.

    Returns:
        Tuple of the logits of the true classes, `(batch_size,)`, and a copy
        of all with `LEFT_OUT` in their places.
    """

    def forward(logits):
        own = ops.take_along_axis(logits, labels[:, None], axis=1)[:, 0]
        low = ops.full_like(own, LEFT_OUT)

        def gradient(d_own, d_rest):
            return (replace_in_rows(d_rest, labels, d_own),)

        return (own, replace_in_rows(logits, labels, low)), gradient

    return custom_gradient(forward)(logits)


def take_in_rows(matrix, columns):
    """One entry of each row.

    Args:
        matrix: tensor, `(num_rows, num_columns)`.
        columns: int32 tensor, `(num_rows,)`, in `[0, num_columns)`.

    Returns:
        Tensor, `(num_rows, 1)`.
    """
    return ops.take_along_axis(matrix, columns[:, None], axis=1)


def replace_in_rows(matrix, columns, values):
    """`matrix` with one entry of each row replaced.

    The other entries are not looked at: no mask of the size of the matrix,
    but under XLA, where a mask costs nothing.

    Args:
        matrix: float tensor, `(num_rows, num_columns)`.
        columns: int32 tensor, `(num_rows,)`, in `[0, num_columns)`.
        values: float tensor, `(num_rows,)`.

    Returns:
        Float tensor, `(num_rows, num_columns)`.
    """
    if keras.backend.backend() == "jax":
        is_there = columns[:, None] == ops.arange(matrix.shape[1])[None, :]
        return ops.where(is_there, values[:, None], matrix)
    rows = ops.arange(ops.shape(matrix)[0], dtype="int32")
    return ops.scatter_update(
        matrix, ops.stack([rows, columns], axis=1), values
    )
