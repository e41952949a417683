from typing import Any, NamedTuple

import keras
from keras import ops

from keras_sphereface.ops import check_labels, safe_normalize


class HeadOutputs(NamedTuple):
    """What a head makes of one batch.

    Attributes:
        logits: float32, `(batch_size, num_classes)`, margined and scaled.
        cos_theta: float32, `(batch_size, num_classes)`, plain cosines.
        norms: float32, `(batch_size,)`, norms of the embeddings.
        labels: int32, `(batch_size,)`, checked.
    """

    logits: Any
    cos_theta: Any
    norms: Any
    labels: Any


class MarginHead(keras.layers.Layer):
    """Class centres on the hypersphere; the subclass is the formula.

    This class owns the flow from embeddings to logits: norms, unit vectors,
    cosines, the margin, the scale, the loss of a sample. A subclass overrides
    `margined`, and where it differs `logit_scale`, `loss_weights` and
    `penalties`.

    Args:
        num_classes: int, number of identities.
        dtype: Defaults to `"float32"` under any policy; angles need it.

    Attributes:
        centers: `(embedding_dim, num_classes)`, one centre a column. Only
            their directions count. They start at norm 1 on average, so that
            the first steps turn them as fast as explicitly normalised ones.

    Call arguments:
        embeddings: `(batch_size, embedding_dim)`, any norm. An all-zero row
            has cosine 0 to every class and gets no gradient.
        labels: int, `(batch_size,)`, in `[0, num_classes)`; `None` leaves the
            margin out.

    Output shape:
        `(batch_size, num_classes)`, logits.
    """

    def __init__(self, num_classes, dtype="float32", **kwargs):
        super().__init__(dtype=dtype, **kwargs)
        if not isinstance(num_classes, int) or num_classes < 1:
            raise ValueError(
                "`num_classes` must be a positive integer. "
                f"Received: num_classes={num_classes}"
            )
        if self.compute_dtype != "float32":
            raise ValueError(
                "`dtype` must be 'float32': angles lose their meaning in "
                "16 bits. The head keeps float32 under every global policy. "
                f"Received: dtype={dtype!r}"
            )
        self.num_classes = num_classes

    def build(self, embeddings_shape, labels_shape=None):
        if len(embeddings_shape) != 2 or embeddings_shape[-1] is None:
            raise ValueError(
                "`embeddings` must have shape (batch_size, embedding_dim). "
                f"Received: embeddings of shape {tuple(embeddings_shape)}"
            )
        self.centers = self.add_weight(
            name="centers",
            shape=(embeddings_shape[-1], self.num_classes),
            initializer=keras.initializers.VarianceScaling(
                1.0, mode="fan_in", distribution="untruncated_normal"
            ),
        )

    def call(self, embeddings, labels=None):
        if labels is None:
            cos_theta, norms = self._cosines(embeddings)
            return self.logit_scale(norms) * cos_theta
        outputs = self.compute_outputs(embeddings, labels)
        penalties = self.penalties(outputs.norms)
        if penalties is not None:
            self.add_loss(ops.mean(penalties))
        return outputs.logits

    def compute_outputs(self, embeddings, labels):
        """Margined logits beside the cosines and norms they came from.

        Args:
            embeddings: float tensor, `(batch_size, embedding_dim)`.
            labels: int tensor, `(batch_size,)`.

        Returns:
            `HeadOutputs`.
        """
        labels = check_labels(labels, self.num_classes)
        cos_theta, norms = self._cosines(embeddings)
        logits = self.logit_scale(norms) * self.margined(cos_theta, labels)
        return HeadOutputs(logits, cos_theta, norms[:, 0], labels)

    def sample_losses(self, outputs):
        """Loss of each sample: weighted cross-entropy plus penalty.

        Args:
            outputs: `HeadOutputs` of `compute_outputs`.

        Returns:
            Float32 tensor, `(batch_size,)`.
        """
        cross_entropy = ops.sparse_categorical_crossentropy(
            outputs.labels, outputs.logits, from_logits=True
        )
        losses = self.loss_factor() * cross_entropy
        penalties = self.penalties(outputs.norms)
        return losses if penalties is None else losses + penalties

    def margined(self, cos_theta, labels):
        """Cosines with the margin in place.

        Args:
            cos_theta: float32, `(batch_size, num_classes)`.
            labels: int32, `(batch_size,)`.

        Returns:
            Float32 tensor, `(batch_size, num_classes)`.
        """
        raise TypeError(
            f"{type(self).__name__} is a head without a formula: "
            "override `margined`."
        )

    def logit_scale(self, norms):
        """What the margined cosines are multiplied by.

        Args:
            norms: float32, `(batch_size, 1)`, norms of the embeddings.

        Returns:
            Float, or a tensor that broadcasts to `(batch_size, num_classes)`.
        """
        raise TypeError(
            f"{type(self).__name__} is a head without a scale: "
            "override `logit_scale`."
        )

    def loss_factor(self):
        """What the cross-entropy of a sample is multiplied by."""
        return 1.0

    def penalties(self, norms):
        """Terms added to the loss of each sample, or `None`.

        Args:
            norms: float32, `(batch_size,)`, norms of the embeddings.

        Returns:
            Float32 tensor, `(batch_size,)`, or `None`.
        """
        return None

    def _cosines(self, embeddings):
        embeddings = ops.cast(embeddings, "float32")
        unit_embeddings, norms = safe_normalize(embeddings)
        unit_centers, _ = safe_normalize(self.centers, axis=0)
        cos_theta = ops.matmul(unit_embeddings, unit_centers)
        return cos_theta, norms

    def compute_output_shape(self, embeddings_shape, labels_shape=None):
        return (embeddings_shape[0], self.num_classes)

    def get_config(self):
        return {**super().get_config(), "num_classes": self.num_classes}
