import keras
from keras import ops

from keras_sphereface.backend.replicas import (
    gather_rows,
    replica_index_and_count,
)
from keras_sphereface.backend.values import check_labels
from keras_sphereface.contract.arguments import check_integer
from keras_sphereface.heads.embedding_bank import EmbeddingBank
from keras_sphereface.heads.head_outputs import HeadOutputs
from keras_sphereface.ops.cosines import LEFT_OUT, safe_normalize


class PairHead(keras.layers.Layer):
    """Embeddings compared with each other and with earlier ones; no centers.

    An embedding is compared with the others of its batch, through which both
    get a gradient, and with those that an `EmbeddingBank` keeps of earlier
    batches, which get none. So identities need no center, and the batch need
    not hold several images of one. `FaceRecognizer` takes it as it takes any
    head; its `accuracy` says whether the nearest other embedding is of the
    same person, its `target_angle` is the mean angle to those that are.

    Under `tf.distribute` the batch is the global one, as on one device.

    A subclass overrides `pair_scores` and `pair_losses`.

    Args:
        num_classes: int, number of identities, of which labels are checked.
        bank_size: int, embeddings to keep. Defaults to `8192`, 16 MiB of 512
            values each.
        **kwargs: `name` and other arguments of `keras.layers.Layer`.

    Attributes:
        bank: `EmbeddingBank`, a queue.
        margin: float, by which a positive pair is to score above a negative
            one on each side. Defaults to `0.0`.

    Call arguments:
        embeddings: `(batch_size, embedding_dim)`, any norm.
        labels: int, `(batch_size,)`, in `[0, num_classes)`.
        training: bool, whether the bank moves. Defaults to `False`.

    Output shape:
        `(batch_size,)`, losses, for `losses.PrecomputedLoss`.
    """

    # What `FaceRecognizer` asks of a head: there are no logits, and no centers
    # to compute in parts or to fill up.
    is_streamed = True
    class_chunk = None
    sample_rate = 1.0
    padding = 0
    margin = 0.0

    def __init__(self, num_classes, bank_size=8192, **kwargs):
        super().__init__(**{**kwargs, "dtype": "float32"})
        self.num_classes = check_integer("num_classes", num_classes, at_least=1)
        self.bank_size = check_integer("bank_size", bank_size, at_least=1)
        self.bank = EmbeddingBank(bank_size, name="bank")

    def build(self, embeddings_shape, labels_shape=None):
        self.bank.build(embeddings_shape)

    def pair_scores(self, embeddings, others):
        """How much embeddings look like one person.

        Args:
            embeddings: float32, `(batch_size, embedding_dim)`.
            others: float32, `(num_others, embedding_dim)`.

        Returns:
            Float32 tensor, `(batch_size, num_others)`.
        """
        raise TypeError(
            f"{type(self).__name__} is a head without a score: "
            "override `pair_scores`."
        )

    def pair_losses(self, scores, is_positive, is_negative):
        """Loss per sample, with means over the pairs of all replicas.

        Args:
            scores: float32, `(batch_size, num_others)`.
            is_positive: bool, like `scores`, which pairs are of one person.
            is_negative: bool, like `scores`, which are of two.

        Returns:
            Float32 tensor, `(batch_size,)`.
        """
        raise TypeError(
            f"{type(self).__name__} is a head without a loss: "
            "override `pair_losses`."
        )

    def call(self, embeddings, labels, training=False):
        return self.compute_outputs(embeddings, labels, training).losses

    def compute_outputs(self, embeddings, labels, training=False):
        """What the head makes of a batch.

        Args:
            embeddings: float tensor, `(batch_size, embedding_dim)`.
            labels: int tensor, `(batch_size,)`.
            training: bool, whether the bank moves. Defaults to `False`.

        Returns:
            `HeadOutputs`, without logits.
        """
        labels, soft_labels = check_labels(labels, self.num_classes)
        if soft_labels is not None:
            raise ValueError(
                "`labels` must be class indices: a pair is of one person or of "
                "two. Received: soft labels of shape "
                f"{tuple(soft_labels.shape)}"
            )
        embeddings = ops.cast(embeddings, "float32")
        others, is_positive, is_negative = self._pairs(embeddings, labels)
        scores = self.pair_scores(embeddings, others)
        losses = self.pair_losses(scores, is_positive, is_negative)
        if training:
            self.bank.add(embeddings, labels)
        unit, norms = safe_normalize(embeddings)
        cos_theta = ops.stop_gradient(
            ops.matmul(unit, ops.transpose(safe_normalize(others)[0]))
        )
        counts = ops.cast(is_positive, "float32")
        total = ops.sum(counts * cos_theta, axis=1)
        return HeadOutputs(
            norms=norms[:, 0],
            labels=labels,
            cosines=lambda: cos_theta,
            cos_target=total / ops.maximum(ops.sum(counts, axis=1), 1.0),
            is_nearest=_is_above(cos_theta, is_positive, is_negative, 1e-6),
            is_past_margin=_is_above(
                scores, is_positive, is_negative, 2.0 * self.margin
            ),
            # Where a wrong label could not raise.
            losses=ops.where(labels < 0, float("nan"), losses),
            unit=unit,
            training=training,
        )

    def _pairs(self, embeddings, labels):
        """What the batch is compared with, and which pairs are which."""
        earlier, earlier_labels = self.bank.entries()
        others = ops.concatenate([gather_rows(embeddings), earlier])
        other_labels = ops.concatenate([gather_rows(labels), earlier_labels])
        index, _ = replica_index_and_count()
        count = ops.shape(labels)[0]
        own_places = index * count + ops.arange(count, dtype="int32")
        places = ops.arange(ops.shape(other_labels)[0], dtype="int32")
        is_same = labels[:, None] == other_labels[None, :]
        is_itself = own_places[:, None] == places[None, :]
        is_there = (other_labels >= 0)[None, :]
        is_positive = is_same & is_there & ops.logical_not(is_itself)
        return others, is_positive, is_there & ops.logical_not(is_same)

    def compute_output_shape(self, embeddings_shape, labels_shape=None):
        return (embeddings_shape[0],)

    def get_config(self):
        config = super().get_config()
        del config["dtype"]
        return {
            **config,
            "num_classes": self.num_classes,
            "bank_size": self.bank_size,
        }


def _is_above(values, is_positive, is_negative, least):
    """Whether the best positive pair is above every negative one."""
    positive = ops.max(ops.where(is_positive, values, LEFT_OUT), axis=1)
    negative = ops.max(ops.where(is_negative, values, LEFT_OUT), axis=1)
    return positive - negative > least
