import functools

from keras import ops

from keras_sphereface.backend.counted_seed import add_counter
from keras_sphereface.backend.values import check_labels
from keras_sphereface.class_softmax.class_loss import (
    SoftmaxLoss,
    sum_others,
)
from keras_sphereface.class_softmax.streamed_classes import split_classes
from keras_sphereface.contract.arguments import check_number
from keras_sphereface.heads.class_centers import ClassCenters
from keras_sphereface.heads.head_outputs import HeadOutputs
from keras_sphereface.heads.hooks import check_hooks
from keras_sphereface.heads.hyperparameter import Hyperparameter
from keras_sphereface.heads.true_class import SplitClasses, nearest_class
from keras_sphereface.ops.cosines import (
    class_logits,
    logits_of_cosines,
    replace_in_rows,
    safe_normalize,
)
from keras_sphereface.ops.soft_labels import smooth_labels, soft_label_logits


class MarginHead(ClassCenters):
    """Class centers on the hypersphere, a margin and a class loss.

    This class owns the flow from embeddings to losses: norms, unit vectors,
    cosines, the margin, the scale, the loss per sample. A functional
    model, `FaceRecognizer.fit`, diagnostics and a head that computes its
    classes in chunks or samples them all go through `compute_outputs`.

    To write a head, override `class_margin`. What else may differ:
    `logit_scale`, `class_loss` and `penalties`. Every path asks
    these; a subclass that overrides another method is refused when it is
    made. The numbers of a head are `Hyperparameter`s, which the class saves,
    restores and puts into the config. A margin that must see whole rows goes
    into a `RowHead`.

    A batch has `batch_size * num_classes` logits, which past some 50,000
    classes need more memory than the centers. With `class_chunk` a head
    computes its loss, and the gradient of it, over so many classes at a time:
    the same numbers to rounding, at the cost of a third more work. Called
    on embeddings and labels it then returns the loss per sample, for
    `losses.PrecomputedLoss`, since there are no logits; `FaceRecognizer`
    needs no change.

    Args:
        num_classes: int, number of identities.
        loss_weight: float, above 0, what the loss of the classes is multiplied
            by. Defaults to `1.0`.
        label_smoothing: float in `[0, 1)`, the weight of a label that all
            classes share alike. Defaults to `0.0`.
        sub_centers: int, centers per class; its cosine is that of the nearest
            one, so that a class may hold faces of more than one kind. Defaults
            to `1`.
        class_chunk: `None`, all classes at once; int, how many at a time; or
            `"auto"`, which goes by their number and the batch. Defaults to
            `None`.
        sample_rate: float in `(0, 1]`, the share of classes in a training
            step: those of the batch, and others drawn at random, whose weight
            makes up for the rest (Partial FC). Below 1 only their centers
            move; see `optimizers.ColumnOptimizer`. Defaults to `1.0`.
        sample_seed: int, of the draws. Defaults to `0`.
        dtype: Defaults to `"float32"` under any policy; angles need it.

    Attributes:
        centers: `(embedding_dim, num_classes)`, one center per column, or
            `(embedding_dim, num_classes, sub_centers)`. Only their directions
            count. They start at norm 1 on average, so that the first steps
            turn them as fast as explicitly normalized ones.

    Call arguments:
        embeddings: `(batch_size, embedding_dim)`, any norm. An all-zero row
            has cosine 0 to every class and gets no gradient.
        labels: int, `(batch_size,)`, in `[0, num_classes)`; or soft labels,
            `(batch_size, num_classes)`, as MixUp makes them, which have the
            margin of each class by what it counts; `None` leaves the margin
            out.
        training: bool, whether running statistics move. Defaults to `False`.

    Output shape:
        `(batch_size, num_classes)`, logits; `(batch_size,)`, losses, with
        labels and `class_chunk` or `sample_rate`.

    Example:

    ```python
    class LinearHead(MarginHead):
        margin = Hyperparameter(at_least=0.0)

        def __init__(self, num_classes, margin=0.3, **kwargs):
            super().__init__(num_classes, **kwargs)
            self.margin = margin

        def class_margin(self, norms, training):
            return ops.Margin(lambda cos: cos - self.margin * (1 - cos))

        def logit_scale(self, norms):
            return 30.0
    ```

    Reference:
        - [Deng et al., 2020](https://www.ecva.net/papers/eccv_2020/papers_ECCV/papers/123560715.pdf),
            sub-centers
        - [An et al., 2022](https://arxiv.org/abs/2203.15565), sampled classes
    """

    # What a subclass may replace: every path asks it.
    hooks = (
        "class_margin",
        "logit_scale",
        "class_loss",
        "penalties",
    )
    # What it may not.
    fixed_methods = (
        "call",
        "compute_outputs",
        "compute_output_shape",
        "cosines",
        "margined_cosines",
    )
    # A method from `training` to the columns that embeddings are compared
    # with, of a head that has others than its centers.
    _columns = None

    def __init__(
        self, num_classes, loss_weight=1.0, label_smoothing=0.0, **kwargs
    ):
        super().__init__(num_classes, **kwargs)
        check_hooks(self)
        self.loss_weight = check_number("loss_weight", loss_weight, above=0.0)
        self.label_smoothing = check_number(
            "label_smoothing", label_smoothing, at_least=0.0, below=1.0
        )
        if label_smoothing:
            self._refuse_parts(f"with label_smoothing={label_smoothing}")

    @classmethod
    def hyperparameters(cls):
        """The `Hyperparameter`s of the class by name."""
        return {
            name: value
            for ancestor in reversed(cls.__mro__)
            for name, value in vars(ancestor).items()
            if isinstance(value, Hyperparameter)
        }

    def build(self, embeddings_shape, labels_shape=None):
        super().build(embeddings_shape)
        hyperparameters = self.hyperparameters().values()
        for hyperparameter in hyperparameters:
            hyperparameter.build(self)
        if any(each.is_scheduled(self) for each in hyperparameters):
            self.steps = add_counter(self, "steps")

    @property
    def needs_only_cosines(self):
        """Whether a loss on cosines alone can be that of the head."""
        own = type(self)
        return (
            own.build is MarginHead.build
            and own.penalties is MarginHead.penalties
        )

    def class_margin(self, norms, training):
        """What stands in place of the cosines. Every head has its own.

        A gradient to the norms goes by way of the margin's `parameters`.

        Args:
            norms: float32, `(batch_size, 1)`, norms of the embeddings.
            training: bool, whether running statistics move.

        Returns:
            `ops.Margin`.
        """
        raise TypeError(
            f"{type(self).__name__} is a head without a margin: "
            "override `class_margin`."
        )

    def logit_scale(self, norms):
        """What the margined cosines are multiplied by.

        Args:
            norms: float32, `(batch_size, 1)`, norms of the embeddings.

        Returns:
            Float or scalar, or a tensor `(batch_size, 1)`. Defaults to the
            head's `scale`.
        """
        if not hasattr(self, "scale"):
            raise TypeError(
                f"{type(self).__name__} is a head without a scale: declare "
                "`scale = Hyperparameter(above=0.0)` or override "
                "`logit_scale`."
            )
        return self.scale

    def class_loss(self):
        """The loss of the logits.

        Returns:
            `class_softmax.SoftmaxLoss` or `class_softmax.BinaryLoss`. Defaults
            to the first, of the head's `loss_weight`.
        """
        return SoftmaxLoss(self.loss_weight)

    def penalties(self, outputs):
        """Terms added to the loss of each sample, or `None`.

        Args:
            outputs: `HeadOutputs` of the batch, without losses. `logits` is
                `None` from a head that computes its classes in chunks;
                `cos_theta` is there on every path.

        Returns:
            Float32 tensor, `(batch_size,)`, or `None`.
        """
        return None

    def call(self, embeddings, labels=None, training=False):
        if labels is None:
            cos_theta, norms = self.cosines(embeddings)
            return self.logit_scale(norms) * cos_theta
        if self.is_streamed:
            return self.compute_outputs(embeddings, labels, training).losses
        outputs = self.compute_outputs(
            embeddings, labels, training, has_losses=False
        )
        if outputs.penalties is not None:
            self.add_loss(ops.mean(outputs.penalties))
        return outputs.logits

    def compute_outputs(
        self, embeddings, labels, training=False, *, has_losses=True
    ):
        """What the head makes of a batch; every way to train goes through it.

        Args:
            embeddings: float tensor, `(batch_size, embedding_dim)`.
            labels: int tensor, `(batch_size,)`; or soft labels,
                `(batch_size, num_classes)`.
            training: bool, whether running statistics move. Defaults to
                `False`.
            has_losses: bool, whether losses are wanted beside the logits of a
                head that has them. Defaults to `True`.

        Returns:
            `HeadOutputs`.
        """
        labels, soft_labels = check_labels(labels, self.num_classes)
        unit, norms = safe_normalize(ops.cast(embeddings, "float32"))
        loss = self.class_loss()
        if self.label_smoothing:
            soft_labels = smooth_labels(
                labels if soft_labels is None else soft_labels,
                self.num_classes,
                self.label_smoothing,
            )
        if soft_labels is None:
            split = self._split(unit, norms, labels, training, loss, has_losses)
        else:
            split = self._split_softly(
                unit, norms, labels, soft_labels, training, loss
            )
        outputs = HeadOutputs(
            norms=norms[:, 0],
            labels=labels,
            soft_labels=soft_labels,
            cosines=functools.partial(self._cosines, unit),
            cos_target=ops.stop_gradient(split.cos_target[:, 0]),
            all_logits=split.all_logits,
            is_nearest=split.is_nearest,
            is_past_margin=split.is_past_margin,
            unit=unit,
            training=training,
        )
        penalties = self.penalties(outputs)
        losses = None
        if has_losses:
            # Where a wrong label could not raise.
            losses = ops.where(labels < 0, float("nan"), split.losses)
            if penalties is not None:
                losses = losses + penalties
        if training and hasattr(self, "steps"):
            self.steps.assign(self.steps + 1)
        return outputs._replace(losses=losses, penalties=penalties)

    def cosines(self, embeddings):
        """Cosines to all classes, and norms.

        Args:
            embeddings: float tensor, `(batch_size, embedding_dim)`.

        Returns:
            Tuple of float32 tensors, `(batch_size, num_classes)` and
            `(batch_size, 1)`.
        """
        unit, norms = safe_normalize(ops.cast(embeddings, "float32"))
        return self._cosines(unit), norms

    def compute_output_shape(self, embeddings_shape, labels_shape=None):
        if self.is_streamed and labels_shape is not None:
            return (embeddings_shape[0],)
        return (embeddings_shape[0], self.num_classes)

    def get_config(self):
        return {
            **super().get_config(),
            "loss_weight": self.loss_weight,
            "label_smoothing": self.label_smoothing,
            **{
                name: hyperparameter.initial(self)
                for name, hyperparameter in self.hyperparameters().items()
            },
        }

    def margined_cosines(self, cos_theta, labels, norms, training=False):
        """Cosines with the margin in place.

        Args:
            cos_theta: float32, `(batch_size, num_classes)`.
            labels: int32, `(batch_size,)`.
            norms: float32, `(batch_size, 1)`, norms of the embeddings.
            training: bool, whether running statistics move. Defaults to
                `False`.

        Returns:
            Float32 tensor, `(batch_size, num_classes)`.
        """
        margin = self.class_margin(norms, training)
        values, *_ = logits_of_cosines(
            cos_theta, labels, margin=margin, scale=1.0
        )
        return values

    def _split(self, unit, norms, labels, training, loss, has_losses):
        """The true class apart from the others, at once or in chunks."""
        margin = self.class_margin(norms, training)
        scale = self.logit_scale(norms)
        formula = {"margin": margin, "scale": scale, "bias": loss.bias}
        centers, places, weights, chunk = self.centers, labels, None, None
        if self._columns is not None:
            centers = self._columns(training)
        if self.is_streamed:
            chunk = self._chunk_of(unit)
            centers, places, weights = self._classes_of(
                centers, labels, training
            )
        kind = {"is_binary": loss.is_binary, "class_weights": weights}
        count = self.num_classes if weights is None else centers.shape[1]
        all_logits = None
        if chunk is not None:
            target, others, largest, cos_target = split_classes(
                unit,
                centers,
                places,
                class_chunk=chunk,
                num_classes=count,
                **kind,
                **formula,
            )
        else:
            formula["apart"] = has_losses
            if self.sub_centers == 1:
                logits, target, cos_target = class_logits(
                    unit, centers, places, **formula
                )
            else:
                logits, target, cos_target = logits_of_cosines(
                    self._cosines(unit), labels, **formula
                )
            if count < logits.shape[1]:  # the rest is padding
                logits = logits[:, :count]
            if not has_losses:
                return SplitClasses(lambda: logits, cos_target)
            if weights is None:
                all_logits = functools.partial(
                    replace_in_rows, logits, labels, target
                )
            others, largest = sum_others(logits, **kind)
        # What the true class's logit would be as another class's. Equal
        # cosines of two products differ by rounding.
        plain = ops.stop_gradient(cos_target)
        if margin.others is not None:
            plain = margin.others(plain)
        lead = scale * (plain - 1e-6) - largest[:, None]
        lead = lead if loss.bias is None else lead + loss.bias
        return SplitClasses(
            all_logits,
            cos_target,
            loss.from_sums(target, others),
            is_nearest=lead[:, 0] > 0.0,
            is_past_margin=target > largest,
        )

    def _split_softly(self, unit, norms, labels, soft_labels, training, loss):
        """As `_split`, where more than one class has a share of a label."""
        self._refuse_parts("with soft labels")
        cos_theta = self._cosines(unit)
        logits = soft_label_logits(
            cos_theta,
            soft_labels,
            margin=self.class_margin(norms, training),
            scale=self.logit_scale(norms),
            bias=loss.bias,
        )
        cos_target, is_nearest = nearest_class(cos_theta, labels)
        _, is_past_margin = nearest_class(logits, labels)
        return SplitClasses(
            lambda: logits,
            cos_target,
            loss.from_soft_labels(logits, soft_labels),
            is_nearest,
            is_past_margin,
        )
