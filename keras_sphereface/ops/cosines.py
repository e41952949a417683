"""Cosines between embeddings and centres, at the cost of a matmul."""

from keras import ops

from keras_sphereface.backend.column_chunks import inverse_column_norms
from keras_sphereface.backend.gradients import custom_gradient


def cosines(unit_embeddings, centers):
    """Cosines of unit embeddings to centres of any norm.

    The same as a product with normalised centres, in value and in gradient,
    without normalising them: their norms divide the product, and the part of
    the gradient along a centre is taken off in the backward pass. A centre of
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
        radial = ops.sum(upstream * cos_theta, axis=0)
        upstream = upstream * inverse
        d_embeddings = ops.matmul(upstream, ops.transpose(centers))
        d_centers = ops.matmul(ops.transpose(unit_embeddings), upstream)
        # A centre turns; its length changes nothing.
        return (
            d_embeddings,
            d_centers - centers * (inverse * inverse * radial),
        )

    return (cos_theta,), gradient
