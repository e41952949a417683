"""Cosines between embeddings and centers, plain or with a margin in place."""

import keras
from keras import ops

from keras_sphereface.backend.gradients import custom_gradient, vector_jacobian

# Below this squared norm a float32 vector has no direction worth the name.
_TINY_SQUARED_NORM = 1e-30


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
    inverse = _inverse_root(squared)
    return vectors * inverse, squared * inverse


def inverse_column_norms(matrix):
    """One over the norm of each column; 0 for a column of zeros.

    Args:
        matrix: float tensor, `(num_rows, num_columns)`.

    Returns:
        Float tensor, `(num_columns,)`.
    """
    return _inverse_root(_column_sums(ops.square(matrix)))


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
    (cos_theta,) = _cosines(unit_embeddings, ops.convert_to_tensor(centers))
    return cos_theta


@custom_gradient
def _cosines(unit_embeddings, centers):
    inverse = inverse_column_norms(centers)
    cos_theta = ops.matmul(unit_embeddings, centers) * inverse

    def gradient(upstream):
        radial = _column_sums(upstream * cos_theta)
        return _product_gradients(
            unit_embeddings, centers, inverse, upstream, radial
        )

    return (cos_theta,), gradient


def class_logits(unit_embeddings, centers, labels, *, margin, scale, bias=None):
    """Logits of all classes, `scale * value + bias`, with a margin in place.

    With `margin.detach` the backward pass sees the cosines in place of the
    values; `scale`, where it has a gradient, sees the values.

    Beside the matrix products, the matrix of logits is passed over once going
    forward and twice going backward: no normalized centers, no mask, no copy.

    Args:
        unit_embeddings: float32 tensor, `(batch_size, embedding_dim)`.
        centers: float32 tensor, `(embedding_dim, num_classes)`, any norm.
        labels: int32 tensor, `(batch_size,)`, in `[0, num_classes)`.
        margin: `Margin`.
        scale: float; or a tensor `(batch_size, 1)`, which gets a gradient.
        bias: float32 scalar, which gets a gradient. Defaults to `None`, 0.

    Returns:
        Tuple of the logits, float32, `(batch_size, num_classes)`, and the
        cosines to the true class, float32, `(batch_size, 1)`, without a
        gradient.
    """
    rows = _MarginedRows(labels, margin, scale, bias)
    # The logit is then a multiple of the cosine, and the multiplication one
    # of embeddings.
    is_linear = margin.others is None

    def forward(unit, centers, scale, bias, *parameters):
        inverse = inverse_column_norms(centers)
        left = unit * scale
        products = ops.matmul(left if is_linear else unit, centers) * inverse
        cos_target = take_in_rows(products, labels)
        if is_linear:
            cos_target = cos_target / ops.where(scale == 0.0, 1.0, scale)
        logits = rows.logits(
            products, cos_target, scale, bias, parameters, is_scaled=is_linear
        )

        def gradient(upstream, d_cos_target=None):
            slopes, *rest = rows.gradients(
                upstream, products, logits, cos_target, scale, bias, parameters
            )
            if not is_linear:
                radial = _column_sums(slopes * products, scale)
            elif rows.has_bias:
                radial = _column_sums(slopes * products)
            else:
                # The logits but for one are the products, which need not wait
                # for this then.
                radial = _column_sums(slopes * logits)
                off = scale * cos_target - take_in_rows(logits, labels)
                off = off * take_in_rows(slopes, labels)
                radial = _add_at(radial, labels, off[:, 0])
            d_unit, d_centers = _product_gradients(
                left, centers, inverse, slopes, radial
            )
            return d_unit * scale, d_centers, *rest

        return (logits, cos_target), gradient

    return custom_gradient(forward)(
        unit_embeddings,
        ops.convert_to_tensor(centers),
        rows.scale_column(unit_embeddings),
        rows.bias,
        *margin.parameters,
    )


def logits_of_cosines(cos_theta, labels, *, margin, scale, bias=None):
    """As `class_logits`, from cosines that were computed before.

    Args:
        cos_theta: float32 tensor, `(batch_size, num_classes)`.
        labels: int32 tensor, `(batch_size,)`, in `[0, num_classes)`.
        margin: `Margin`.
        scale: float; or a tensor `(batch_size, 1)`, which gets a gradient.
        bias: float32 scalar, which gets a gradient. Defaults to `None`, 0.

    Returns:
        As `class_logits`.
    """
    rows = _MarginedRows(labels, margin, scale, bias)

    def forward(cos_theta, scale, bias, *parameters):
        cos_target = take_in_rows(cos_theta, labels)
        logits = rows.logits(cos_theta, cos_target, scale, bias, parameters)

        def gradient(upstream, d_cos_target=None):
            slopes, *rest = rows.gradients(
                upstream, cos_theta, logits, cos_target, scale, bias, parameters
            )
            return slopes * scale, *rest

        return (logits, cos_target), gradient

    return custom_gradient(forward)(
        cos_theta, rows.scale_column(cos_theta), rows.bias, *margin.parameters
    )


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


class _MarginedRows:
    """Rows of logits from rows of cosines, and the way back."""

    def __init__(self, labels, margin, scale, bias):
        self.labels = labels
        self.margin = margin
        self.scale = ops.convert_to_tensor(scale, "float32")
        self.learns_scale = len(self.scale.shape) == 2
        self.has_bias = bias is not None
        self.bias = ops.convert_to_tensor(0.0 if bias is None else bias)

    def scale_column(self, matrix):
        """The scale of each row, `(batch_size, 1)`."""
        return ops.broadcast_to(self.scale, (ops.shape(matrix)[0], 1))

    def logits(
        self, values, cos_target, scale, bias, parameters, is_scaled=False
    ):
        """Logits from cosines, or from multiples of them by the scale."""
        if self.margin.others is not None:
            values = self.margin.others(values)
        if not is_scaled:
            values = values * scale
        if self.has_bias:
            values = values + bias
        if self.margin.target is None and self.margin.others is None:
            return values
        target = cos_target
        if self.margin.target is not None:
            target = self.margin.target(cos_target, *parameters)
        target = target * scale + bias
        return replace_in_rows(values, self.labels, target[:, 0])

    def gradients(
        self, upstream, cos_theta, logits, cos_target, scale, bias, parameters
    ):
        """Gradients of cosines over `scale`, then of scale, bias, parameters.

        `cos_theta` is read only where the others are differentiated.
        """
        target, others, detach, _ = self.margin
        own = take_in_rows(upstream, self.labels)
        slopes = upstream
        if others is not None and not detach:
            (slopes,) = vector_jacobian(others, (cos_theta,), upstream)
        d_parameters = [ops.zeros_like(each) for each in parameters]
        if not detach and target is not None:
            (d_target,) = vector_jacobian(
                lambda cosines: target(cosines, *parameters),
                (cos_target,),
                own,
            )
            if parameters:
                d_parameters = vector_jacobian(
                    lambda *parameters: target(cos_target, *parameters),
                    parameters,
                    own * scale,
                )
            slopes = replace_in_rows(slopes, self.labels, d_target[:, 0])
        elif not detach and others is not None:
            slopes = replace_in_rows(slopes, self.labels, own[:, 0])
        d_scale, d_bias = ops.zeros_like(scale), ops.zeros_like(bias)
        if self.learns_scale:
            values = (logits - bias) if self.has_bias else logits
            d_scale = ops.sum(upstream * values, axis=1, keepdims=True)
            d_scale = d_scale / ops.where(scale == 0.0, 1.0, scale)
        if self.has_bias:
            d_bias = ops.sum(upstream)
        return slopes, d_scale, d_bias, *d_parameters


def _product_gradients(left, centers, inverse, slopes, radial):
    """Gradients of `left @ centers * inverse`, the second as a direction's."""
    slopes = slopes * inverse
    d_left = ops.matmul(slopes, ops.transpose(centers))
    d_centers = ops.matmul(ops.transpose(left), slopes)
    # A center turns; its length changes nothing.
    return d_left, d_centers - centers * (inverse * inverse * radial)


def _column_sums(matrix, weights=None):
    """Sums of columns as a product, which is faster than a reduction."""
    if weights is None:
        weights = ops.ones((ops.shape(matrix)[0], 1))
    return ops.matmul(ops.transpose(weights), matrix)[0]


def _add_at(vector, places, values):
    """`vector` with values added at places, which may repeat."""
    return vector + ops.segment_sum(values, places, vector.shape[0])


def _inverse_root(squared):
    is_zero = squared < _TINY_SQUARED_NORM
    return ops.where(is_zero, 0.0, ops.rsqrt(ops.where(is_zero, 1.0, squared)))
