from keras import ops

from keras_sphereface.backend import (
    check_labels,
)
from keras_sphereface.heads.class_centers import ClassCenters
from keras_sphereface.heads.class_losses import (
    class_chunk_of,
    looks_at_one_class_at_a_time,
    streamed_losses,
)
from keras_sphereface.heads.head_outputs import HeadLosses, HeadOutputs
from keras_sphereface.heads.setting import Setting


class MarginHead(ClassCenters):
    """Class centres on the hypersphere; the subclass is the formula.

    This class owns the flow from embeddings to losses: norms, unit vectors,
    cosines, the margin, the scale, the loss of a sample. A subclass overrides
    `logit_scale` and the margin: `elementwise_margin` where it looks at one
    cosine at a time, and otherwise `margined` or, where it depends on norms or
    is for training only, `apply_margin`; and where they differ `to_logits`,
    `sample_losses` and `penalties`. Its numbers are `Setting`s, which the
    class saves, restores and puts into the config.

    A batch has `batch_size * num_classes` logits, which past some 50,000
    classes need more memory than the centres. With `class_chunk` a head
    whose margin is elementwise computes its loss, and the gradient of it, over
    so many classes at a time: the same numbers to rounding, for the price of
    one product in three more. Called on embeddings and labels it then returns
    the loss of each sample, for `losses.PrecomputedLoss`, since there are no
    logits; `FaceRecognizer` needs no change.

    Args:
        num_classes: int, number of identities.
        sub_centers: int, centres of a class; its cosine is that of the
            nearest one, so that a class may hold faces of more than one kind.
            Defaults to `1`.
        class_chunk: `None`, all classes at once; int, how many at a time; or
            `"auto"`, which goes by their number and the batch. Defaults to
            `None`.
        sample_rate: float in `(0, 1]`, the share of classes in a training
            step: those of the batch, and others drawn at random, whose weight
            makes up for the rest (Partial FC). Below 1 only their centres
            move; see `optimizers.ColumnOptimizer`. Defaults to `1.0`.
        sample_seed: int, of the draws. Defaults to `0`.
        dtype: Defaults to `"float32"` under any policy; angles need it.

    Attributes:
        centers: `(embedding_dim, num_classes)`, one centre a column, or
            `(embedding_dim, num_classes, sub_centers)`. Only their directions
            count. They start at norm 1 on average, so that the first steps
            turn them as fast as explicitly normalised ones.

    Call arguments:
        embeddings: `(batch_size, embedding_dim)`, any norm. An all-zero row
            has cosine 0 to every class and gets no gradient.
        labels: int, `(batch_size,)`, in `[0, num_classes)`; `None` leaves the
            margin out.
        training: bool, whether running statistics move. Defaults to `False`.

    Output shape:
        `(batch_size, num_classes)`, logits; `(batch_size,)`, losses, with
        labels and `class_chunk` or `sample_rate`.

    Reference:
        - [Deng et al., 2020](https://www.ecva.net/papers/eccv_2020/papers_ECCV/papers/123560715.pdf),
            sub-centres
        - [An et al., 2022](https://arxiv.org/abs/2203.15565), sampled classes
    """

    @classmethod
    def settings(cls):
        """The `Setting`s of the class by name."""
        return {
            name: value
            for ancestor in reversed(cls.__mro__)
            for name, value in vars(ancestor).items()
            if isinstance(value, Setting)
        }

    def build(self, embeddings_shape, labels_shape=None):
        super().build(embeddings_shape)
        for setting in self.settings().values():
            setting.build(self)

    @property
    def is_streamed(self):
        """Whether the head computes losses without a logit for every class."""
        return self.class_chunk is not None or self.sample_rate < 1

    def call(self, embeddings, labels=None, training=False):
        if labels is None:
            cos_theta, norms = self.cosines(embeddings)
            return self.logit_scale(norms) * cos_theta
        if self.is_streamed:
            return self.compute_losses(embeddings, labels, training).losses
        outputs = self.compute_outputs(embeddings, labels, training)
        penalties = self.penalties(outputs)
        if penalties is not None:
            self.add_loss(ops.mean(penalties))
        return outputs.logits

    def compute_outputs(self, embeddings, labels, training=False):
        """Margined logits beside the cosines and norms they came from.

        Args:
            embeddings: float tensor, `(batch_size, embedding_dim)`.
            labels: int tensor, `(batch_size,)`.
            training: bool, whether running statistics move. Defaults to
                `False`.

        Returns:
            `HeadOutputs`.
        """
        labels = check_labels(labels, self.num_classes)
        cos_theta, norms = self.cosines(embeddings)
        margined = self.apply_margin(cos_theta, labels, norms, training)
        logits = self.to_logits(margined, norms)
        return HeadOutputs(logits, cos_theta, norms[:, 0], labels)

    def compute_losses(self, embeddings, labels, training=False):
        """Loss of each sample, and how near its class is.

        Args:
            embeddings: float tensor, `(batch_size, embedding_dim)`.
            labels: int tensor, `(batch_size,)`.
            training: bool, whether running statistics move. Defaults to
                `False`.

        Returns:
            `HeadLosses`.
        """
        if self.sub_centers == 1 and looks_at_one_class_at_a_time(type(self)):
            chunk = class_chunk_of(self, *embeddings.shape)
            return streamed_losses(self, embeddings, labels, training, chunk)
        outputs = self.compute_outputs(embeddings, labels, training)
        return HeadLosses(
            self.sample_losses(outputs),
            outputs.cos_target(),
            outputs.is_nearest(),
            outputs.norms,
            outputs.labels,
        )

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
        penalties = self.penalties(outputs)
        return losses if penalties is None else losses + penalties

    def apply_margin(self, cos_theta, labels, norms, training):
        """Cosines with the margin in place, where it takes more than cosines.

        Args:
            cos_theta: float32, `(batch_size, num_classes)`.
            labels: int32, `(batch_size,)`.
            norms: float32, `(batch_size, 1)`, norms of the embeddings.
            training: bool, whether running statistics move.

        Returns:
            Float32 tensor, `(batch_size, num_classes)`. Defaults to
            `elementwise_margin` or else `margined`.
        """
        if looks_at_one_class_at_a_time(type(self)):
            margin = self.elementwise_margin(norms, training)
            return margin.apply(cos_theta, labels)
        return self.margined(cos_theta, labels)

    def elementwise_margin(self, norms, training):
        """The margin, where it looks at one cosine at a time.

        Args:
            norms: float32, `(batch_size, 1)`, norms of the embeddings.
            training: bool, whether running statistics move.

        Returns:
            `ElementwiseMargin`, or `None`.
        """
        return None

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
            "override `margined` or `elementwise_margin`."
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

    def to_logits(self, margined, norms):
        """Logits from margined cosines.

        Args:
            margined: float32, `(batch_size, num_classes)`.
            norms: float32, `(batch_size, 1)`, norms of the embeddings.

        Returns:
            Float32 tensor, `(batch_size, num_classes)`.
        """
        logits = self.logit_scale(norms) * margined
        bias = self.logit_bias()
        return logits if bias is None else logits + bias

    def logit_bias(self):
        """What is added to every logit, a scalar, or `None`."""
        return None

    def binary_weights(self):
        """Weights of the losses of a binary head, or `None` for a softmax.

        Returns:
            Tuple of two floats, of the true class and of each other, that
            multiply `log(1 + exp(-logit))` and `log(1 + exp(logit))`.
        """
        return None

    def loss_factor(self):
        """What the loss of a sample, without penalties, is multiplied by."""
        return 1.0

    def penalties(self, outputs):
        """Terms added to the loss of each sample, or `None`.

        Args:
            outputs: `HeadOutputs` of `compute_outputs`.

        Returns:
            Float32 tensor, `(batch_size,)`, or `None`.
        """
        return None

    def compute_output_shape(self, embeddings_shape, labels_shape=None):
        if self.is_streamed and labels_shape is not None:
            return (embeddings_shape[0],)
        return (embeddings_shape[0], self.num_classes)

    def get_config(self):
        return {
            **super().get_config(),
            **{
                name: setting.initial(self)
                for name, setting in self.settings().items()
            },
        }
