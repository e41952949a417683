import keras
from keras import ops

from keras_sphereface.backend import (
    compiles_with_xla,
)
from keras_sphereface.backend.counted_seed import add_counter
from keras_sphereface.backend.keras_internals import saved_name
from keras_sphereface.class_softmax import (
    count_class_shards,
    pad_columns,
)
from keras_sphereface.heads.class_losses import check_class_arguments
from keras_sphereface.ops import (
    cosines,
    safe_normalize,
)


class ClassCenters(keras.layers.Layer):
    """The centres of a head: how they are held, shared out and saved.

    Split over the devices of an `ops.ClassParallel` distribution, they are
    filled up with columns of zeros, which stay zeros and count for nothing,
    until they divide. Saved, they are one matrix of `num_classes` columns.

    Args:
        num_classes: int, number of identities.
        sub_centers: int. Defaults to `1`.
        class_chunk: `None`, `"auto"` or int. Defaults to `None`.
        sample_rate: float in `(0, 1]`. Defaults to `1.0`.
        sample_seed: int. Defaults to `0`.
        dtype: Defaults to `"float32"` under any policy; angles need it.

    Attributes:
        centers: `(embedding_dim, num_classes + padding)`, one centre a
            column.
        padding: int, columns of zeros at the end.
    """

    def __init__(
        self,
        num_classes,
        sub_centers=1,
        class_chunk=None,
        sample_rate=1.0,
        sample_seed=0,
        dtype="float32",
        **kwargs,
    ):
        super().__init__(dtype=dtype, **kwargs)
        for argument, value in (
            ("num_classes", num_classes),
            ("sub_centers", sub_centers),
        ):
            if not isinstance(value, int) or value < 1:
                raise ValueError(
                    f"`{argument}` must be a positive integer. "
                    f"Received: {argument}={value}"
                )
        if self.compute_dtype != "float32":
            raise ValueError(
                "`dtype` must be 'float32': angles lose their meaning in "
                "16 bits. The head keeps float32 under every global policy. "
                f"Received: dtype={dtype!r}"
            )
        check_class_arguments(type(self), class_chunk, sample_rate, sub_centers)
        self.num_classes = num_classes
        self.sub_centers = sub_centers
        self.class_chunk = class_chunk
        self.sample_rate = float(sample_rate)
        self.sample_seed = sample_seed
        # Keras compiles with XLA by itself where there is a GPU.
        if isinstance(class_chunk, int):
            self.supports_jit = compiles_with_xla(num_classes, class_chunk)

    def build(self, embeddings_shape):
        if len(embeddings_shape) != 2 or embeddings_shape[-1] is None:
            raise ValueError(
                "`embeddings` must have shape (batch_size, embedding_dim). "
                f"Received: embeddings of shape {tuple(embeddings_shape)}"
            )
        shape = (embeddings_shape[-1], self.num_classes)
        if self.sub_centers > 1:
            shape = (*shape, self.sub_centers)
        normal = keras.initializers.RandomNormal(
            stddev=embeddings_shape[-1] ** -0.5
        )
        self.padding = -self.num_classes % count_class_shards()
        self.centers = self.add_weight(
            name="centers",
            shape=(shape[0], shape[1] + self.padding, *shape[2:]),
            # The same numbers however many devices share them.
            initializer=lambda _, dtype: pad_columns(
                normal(shape, dtype), self.padding
            ),
        )
        if self.sample_rate < 1:
            self.centers.moves_by_column = True
            self.sample_draws = add_counter(self, "sample_draws")

    def save_own_variables(self, store):
        kept = {}
        super().save_own_variables(kept)
        name = self._name_of_centers()
        kept[name] = kept[name][:, : self.num_classes]
        for name, array in kept.items():
            store[name] = array

    def load_own_variables(self, store):
        kept = {name: store[name] for name in store.keys()}  # noqa: SIM118
        if self.padding and kept:
            name = self._name_of_centers()
            kept[name] = ops.convert_to_numpy(
                pad_columns(kept[name][...], self.padding)
            )
        super().load_own_variables(kept)

    def _name_of_centers(self):
        return saved_name(self, self.centers)

    def cosines(self, embeddings):
        """Cosines to all classes, and norms.

        Args:
            embeddings: float tensor, `(batch_size, embedding_dim)`.

        Returns:
            Tuple of float32 tensors, `(batch_size, num_classes)` and
            `(batch_size, 1)`.
        """
        embeddings = ops.cast(embeddings, "float32")
        unit_embeddings, norms = safe_normalize(embeddings)
        if self.sub_centers == 1:
            cos_theta = cosines(unit_embeddings, self.centers)
            return cos_theta[:, : self.num_classes], norms
        unit_centers, _ = safe_normalize(self.centers, axis=0)
        columns = ops.reshape(unit_centers, (unit_centers.shape[0], -1))
        cos_theta = ops.reshape(
            ops.matmul(unit_embeddings, columns),
            (-1, self.num_classes + self.padding, self.sub_centers),
        )
        return ops.max(cos_theta, axis=-1)[:, : self.num_classes], norms

    def get_config(self):
        return {
            **super().get_config(),
            "num_classes": self.num_classes,
            "sub_centers": self.sub_centers,
            "class_chunk": self.class_chunk,
            "sample_rate": self.sample_rate,
            "sample_seed": self.sample_seed,
        }
