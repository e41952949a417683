import keras
from keras import ops

from keras_sphereface.contract.arguments import check_integer
from keras_sphereface.ops.cosines import cosines, safe_normalize


@keras.saving.register_keras_serializable(package="keras_sphereface")
class CosineDense(keras.layers.Layer):
    """Cosines between embeddings and class centers.

    The last layer of a classifier whose data yields `(images, labels)`: the
    margin is in the loss, `losses.ArcFaceLoss` and the like. A head of `heads`
    knows the labels and the norms of the embeddings, and so can do more.

    Args:
        num_classes: int, number of identities.
        dtype: Defaults to `"float32"` under any policy; angles need it.
        **kwargs: `name` and other arguments of `keras.layers.Layer`.

    Attributes:
        centers: `(embedding_dim, num_classes)`, one center per column; only
            their directions count.

    Input shape:
        `(batch_size, embedding_dim)`, any norm. An all-zero row has cosine 0
        to every class and gets no gradient.

    Output shape:
        `(batch_size, num_classes)`, in `[-1, 1]` up to rounding.

    Example:

    ```python
    model = keras.Sequential([embedder, CosineDense(num_classes=10572)])
    model.compile("sgd", loss=SphereFaceRLoss(margin=1.4, scale=60.0))
    model.fit(images, labels)
    ```
    """

    def __init__(self, num_classes, dtype="float32", **kwargs):
        super().__init__(dtype=dtype, **kwargs)
        if self.compute_dtype != "float32":
            raise ValueError(
                "`dtype` must be 'float32': angles lose their meaning in "
                "16 bits. The layer keeps float32 under every global policy. "
                f"Received: dtype={dtype!r}"
            )
        self.num_classes = check_integer("num_classes", num_classes, at_least=1)

    def build(self, input_shape):
        if len(input_shape) != 2 or input_shape[-1] is None:
            raise ValueError(
                "`embeddings` must have shape (batch_size, embedding_dim). "
                f"Received: embeddings of shape {tuple(input_shape)}"
            )
        self.centers = self.add_weight(
            name="centers",
            shape=(input_shape[-1], self.num_classes),
            initializer=keras.initializers.VarianceScaling(
                1.0, mode="fan_in", distribution="untruncated_normal"
            ),
        )

    def call(self, embeddings):
        embeddings = ops.cast(embeddings, "float32")
        unit_embeddings, _ = safe_normalize(embeddings)
        return cosines(unit_embeddings, self.centers)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.num_classes)

    def get_config(self):
        return {**super().get_config(), "num_classes": self.num_classes}
