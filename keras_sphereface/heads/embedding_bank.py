import keras
from keras import ops

from keras_sphereface.backend.replicas import gather_rows
from keras_sphereface.contract.arguments import check_flag, check_integer

# The label of a place that holds no embedding.
EMPTY = -1


@keras.saving.register_keras_serializable(package="keras_sphereface")
class EmbeddingBank(keras.layers.Layer):
    """Embeddings of earlier batches and their labels, without gradients.

    A head compares a batch with far more embeddings than it has by keeping
    those that the network gave before. Non-trainable weights hold them, so
    that they are saved with the model, and a resumed run goes on with them.
    They are what the network gave then, not what it would give now, which
    matters the less the slower it learns.

    Under `tf.distribute` the embeddings of all replicas are added, in the
    order of the global batch, to a whole bank on each. An embedding that is
    not finite, as an overflow of float16 leaves it, is not kept.

    Args:
        size: int, embeddings to keep.
        one_per_class: bool. `False` keeps the newest `size` embeddings; `True`
            the newest one of each class, at the place of its label, with
            `size` the number of classes. Defaults to `False`.
        **kwargs: `name` and other arguments of `keras.layers.Layer`, but
            `dtype`: a bank is float32 under every policy.

    Attributes:
        embeddings: float32, `(size, embedding_dim)`, zeros where empty.
        labels: int32, `(size,)`, -1 where empty.

    Example:

    ```python
    bank = EmbeddingBank(size=8192)
    bank.build((None, 512))
    earlier, their_labels = bank.entries()
    scores = ops.matmul(embeddings, ops.transpose(earlier))
    bank.add(embeddings, labels)
    ```

    Reference:
        - [Wang et al., 2020](https://arxiv.org/abs/1912.06798), a queue
        - [Li et al., 2023](https://arxiv.org/abs/2311.02523), one per class
    """

    def __init__(self, size, one_per_class=False, **kwargs):
        super().__init__(**{**kwargs, "dtype": "float32"})
        self.size = check_integer("size", size, at_least=1)
        self.one_per_class = check_flag("one_per_class", one_per_class)

    def build(self, embeddings_shape):
        arguments = {
            "trainable": False,
            # Assigned in the step, the same on every replica.
            "aggregation": "only_first_replica",
        }
        self.embeddings = self.add_weight(
            name="embeddings",
            shape=(self.size, embeddings_shape[-1]),
            initializer="zeros",
            **arguments,
        )
        self.labels = self.add_weight(
            name="labels",
            shape=(self.size,),
            dtype="int32",
            initializer=keras.initializers.Constant(EMPTY),
            **arguments,
        )
        self.next_place = self.add_weight(
            name="next_place",
            shape=(),
            dtype="int32",
            initializer="zeros",
            **arguments,
        )

    def entries(self):
        """What is kept now, whatever is added later in the step.

        Returns:
            Tuple of float32 `(size, embedding_dim)` and int32 `(size,)`.
        """
        # On torch a weight changes in place, and a gradient may yet need it.
        return tuple(
            ops.copy(ops.convert_to_tensor(weight))
            for weight in (self.embeddings, self.labels)
        )

    def add(self, embeddings, labels):
        """Keeps the embeddings of a batch, in place of the oldest.

        Args:
            embeddings: float tensor, `(batch_size, embedding_dim)`.
            labels: int32 tensor, `(batch_size,)`; a negative one is not kept.
        """
        embeddings = ops.stop_gradient(ops.cast(embeddings, "float32"))
        labels = ops.cast(labels, "int32")
        is_good = ops.all(ops.isfinite(embeddings), axis=1) & (labels >= 0)
        embeddings = ops.where(is_good[:, None], embeddings, 0.0)
        labels = ops.where(is_good, labels, EMPTY)
        self._write(gather_rows(embeddings), gather_rows(labels))

    def _write(self, embeddings, labels):
        if self.one_per_class:
            places, embeddings, labels = self._newest(embeddings, labels)
        else:
            embeddings, labels = embeddings[-self.size :], labels[-self.size :]
            count = ops.shape(labels)[0]
            first = ops.convert_to_tensor(self.next_place)
            places = (first + ops.arange(count, dtype="int32")) % self.size
            self.next_place.assign((first + count) % self.size)
        places = places[:, None]
        for weight, rows in (
            (self.embeddings, embeddings),
            (self.labels, labels),
        ):
            weight.assign(
                ops.scatter_update(ops.convert_to_tensor(weight), places, rows)
            )

    def _newest(self, embeddings, labels):
        """One writer for each place, so that the order of writing is none."""
        rows = ops.arange(ops.shape(labels)[0], dtype="int32")
        is_same = (labels[:, None] == labels[None, :]) & (labels >= 0)[None, :]
        last = ops.max(ops.where(is_same, rows[None, :], -1), axis=1)
        # A row that is not kept repeats what another writes.
        source = ops.where(last >= 0, last, ops.maximum(ops.max(last), 0))
        labels = ops.take(labels, source)
        embeddings = ops.take(embeddings, source, axis=0)
        # Where none is kept, all write what is there.
        places = ops.maximum(labels, 0)
        is_kept = labels >= 0
        embeddings = ops.where(
            is_kept[:, None],
            embeddings,
            ops.take(ops.convert_to_tensor(self.embeddings), places, axis=0),
        )
        labels = ops.where(
            is_kept,
            labels,
            ops.take(ops.convert_to_tensor(self.labels), places),
        )
        return places, embeddings, labels

    def get_config(self):
        config = super().get_config()
        del config["dtype"]
        return {
            **config,
            "size": self.size,
            "one_per_class": self.one_per_class,
        }
