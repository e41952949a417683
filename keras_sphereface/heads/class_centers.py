import math

import keras
from keras import ops

from keras_sphereface.backend.column_chunks import compiles_with_xla
from keras_sphereface.backend.counted_seed import CountedSeed, add_counter
from keras_sphereface.backend.host_arrays import draw_columns
from keras_sphereface.backend.keras_internals import saved_name
from keras_sphereface.backend.replicas import (
    gather_rows,
    replica_index_and_count,
)
from keras_sphereface.class_softmax.class_chunk import (
    check_class_chunk,
    resolve_class_chunk,
)
from keras_sphereface.class_softmax.class_parallel import (
    count_class_shards,
    pad_columns,
)
from keras_sphereface.class_softmax.class_sampling import sample_classes
from keras_sphereface.contract.arguments import check_integer, check_number
from keras_sphereface.ops.cosines import cosines, safe_normalize

# Classes that have room in a step whose batch has no size before it runs.
_UNKNOWN_BATCH_SIZE = 1024


class ClassCenters(keras.layers.Layer):
    """The centers of a head: how they are held, shared out and saved.

    Split over the devices of a `class_softmax.ClassParallel`, they are
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
        centers: `(embedding_dim, num_classes + padding)`, one center per
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
        if self.compute_dtype != "float32":
            raise ValueError(
                "`dtype` must be 'float32': angles lose their meaning in "
                "16 bits. The head keeps float32 under every global policy. "
                f"Received: dtype={dtype!r}"
            )
        self.num_classes = check_integer("num_classes", num_classes, at_least=1)
        self.sub_centers = check_integer("sub_centers", sub_centers, at_least=1)
        self.class_chunk = check_class_chunk(class_chunk)
        self.sample_rate = check_number(
            "sample_rate", sample_rate, above=0.0, at_most=1.0
        )
        self.sample_seed = check_integer("sample_seed", sample_seed)
        # Whether losses come without a logit for every class.
        self.is_streamed = self.class_chunk is not None or self.sample_rate < 1
        if sub_centers != 1:
            self._refuse_parts(f"with sub_centers={sub_centers}")
        # Keras compiles with XLA by itself where there is a GPU.
        if self.class_chunk not in (None, "auto"):
            self.supports_jit = compiles_with_xla(num_classes, class_chunk)

    def _refuse_parts(self, reason):
        """Refuses to compute a part of the classes at a time."""
        for name, value, default in (
            ("class_chunk", self.class_chunk, None),
            ("sample_rate", self.sample_rate, 1),
        ):
            if value != default:
                raise ValueError(
                    f"`{name}` must be left out: {type(self).__name__} "
                    f"{reason} computes all classes at once. "
                    f"Received: {name}={value!r}"
                )

    def build(self, embeddings_shape):
        if len(embeddings_shape) != 2 or embeddings_shape[-1] is None:
            raise ValueError(
                "`embeddings` must have shape (batch_size, embedding_dim). "
                f"Received: embeddings of shape {tuple(embeddings_shape)}"
            )
        shape = (embeddings_shape[-1], self.num_classes)
        if self.sub_centers > 1:
            shape = (*shape, self.sub_centers)
        self.padding = -self.num_classes % count_class_shards()
        self.centers = self.add_weight(
            name="centers",
            shape=(shape[0], shape[1] + self.padding, *shape[2:]),
            # The same numbers however many devices share them.
            initializer=lambda _, dtype: draw_columns(
                shape,
                deviation=shape[0] ** -0.5,
                padding=self.padding,
                dtype=dtype,
            ),
        )
        if self.sample_rate < 1:
            self.centers.moves_by_column = True
            self.sample_draws = add_counter(self, "sample_draws")

    def save_own_variables(self, store):
        kept = {}
        super().save_own_variables(kept)
        if self.built:  # the head of a loss is not
            name = self._name_of_centers()
            kept[name] = kept[name][:, : self.num_classes]
        for name, array in kept.items():
            store[name] = array

    def load_own_variables(self, store):
        kept = {name: store[name] for name in store.keys()}  # noqa: SIM118
        if self.built and self.padding and kept:
            name = self._name_of_centers()
            kept[name] = ops.convert_to_numpy(
                pad_columns(kept[name][...], self.padding)
            )
        super().load_own_variables(kept)

    def _name_of_centers(self):
        return saved_name(self, self.centers)

    def _cosines(self, unit):
        """Cosines of unit embeddings, `(batch_size, num_classes)`."""
        if self.sub_centers == 1:
            cos_theta = cosines(unit, self.centers)
            return (
                cos_theta[:, : self.num_classes] if self.padding else cos_theta
            )
        unit_centers, _ = safe_normalize(self.centers, axis=0)
        columns = ops.reshape(unit_centers, (unit_centers.shape[0], -1))
        cos_theta = ops.reshape(
            ops.matmul(unit, columns),
            (-1, self.num_classes + self.padding, self.sub_centers),
        )
        return ops.max(cos_theta, axis=-1)[:, : self.num_classes]

    def _classes_of(self, columns, labels, training):
        """The classes that take part in a step.

        Args:
            columns: `(embedding_dim, num_classes)`, one per class.
            labels: int32 tensor, `(batch_size,)`.
            training: bool.

        Returns:
            Tuple of their columns, the places of the true classes in them, and
            what each other class counts in a sum, or `None` for 1.
        """
        if not training or self.sample_rate == 1:
            return columns, labels, None
        _, replicas = replica_index_and_count()
        draws = ops.convert_to_tensor(self.sample_draws)
        self.sample_draws.assign(draws + 1)
        num_sampled = math.ceil(self.sample_rate * self.num_classes)
        # Room for every class of the batch, whatever the rate.
        batch_size = (labels.shape[0] or _UNKNOWN_BATCH_SIZE) * replicas
        classes, weights, places = sample_classes(
            labels,
            gather_rows(labels),
            num_classes=self.num_classes,
            num_sampled=min(max(num_sampled, batch_size), self.num_classes),
            seed=CountedSeed(self.sample_seed, draws),
        )
        columns = ops.take(ops.convert_to_tensor(columns), classes, axis=1)
        return columns, places, weights

    def _chunk_of(self, unit):
        """Classes to compute at once, or `None` for all of them."""
        return resolve_class_chunk(
            self.class_chunk,
            batch_size=unit.shape[0],
            embedding_dim=unit.shape[1],
            num_classes=self.num_classes,
        )

    def get_config(self):
        return {
            **super().get_config(),
            "num_classes": self.num_classes,
            "sub_centers": self.sub_centers,
            "class_chunk": self.class_chunk,
            "sample_rate": self.sample_rate,
            "sample_seed": self.sample_seed,
        }
