import keras
import numpy as np
from keras import ops

from keras_sphereface.backend import (
    StepState,
    check_labels,
    divisible_batches,
    steady_step,
)
from keras_sphereface.backend import distributed_fit as replicas
from keras_sphereface.backend.first_batch import with_first_images_checked
from keras_sphereface.backend.keras_internals import tell_directions
from keras_sphereface.backend.label_checks import with_checked_labels
from keras_sphereface.backend.momentum import momentum_in_place
from keras_sphereface.heads import MarginHead, PairHead
from keras_sphereface.losses import PrecomputedLoss
from keras_sphereface.models.embedding_model import SCALING
from keras_sphereface.optimizers import ColumnOptimizer, replica_safe

# Which way what it reports gets better.
_DIRECTIONS = {
    "accuracy": "up",
    "target_angle": "down",
    "embedding_norm": "up",
    "past_margin": "up",
}


@keras.saving.register_keras_serializable(package="keras_sphereface")
class FaceRecognizer(keras.Model):
    """An embedder and a head that train together in `fit`.

    `fit` and `evaluate` take images and integer labels, or soft labels of shape
    `(batch_size, num_classes)`, as MixUp makes them; calling the model and
    `predict` give embeddings. The head sees the labels while the loss is
    computed, so the embedder stays a plain model that can be exported alone.

    Besides the loss, training reports `accuracy` (the nearest center by plain
    cosine is the right one), `target_angle` (mean angle to the right center,
    degrees), `embedding_norm` (mean) and `past_margin` (share of samples whose
    margined logit is the largest). `callbacks.TrainingAlarm` says what is wrong
    with them.

    Built and compiled in the scope of a `tf.distribute.MirroredStrategy` or
    `MultiWorkerMirroredStrategy`, it trains as on one device: the optimizer is
    made safe for replicas, and a batch that does not divide among them is
    filled up with images of weight 0 (which batch normalization sees).

    A step that is not finite, such as one that loss scaling skips, leaves
    moving means and other statistics as they were; `SteadyModel` does the same
    for a model of your own.

    Args:
        embedder: `keras.Model`, images to `(batch_size, embedding_dim)`.
        head: `MarginHead`, such as `SphereFaceRHead`, or `PairHead`.
        **kwargs: `name` and other arguments of `keras.Model`.

    Call arguments:
        images: whatever `embedder` takes; RGB, `[0, 255]`, for
            `build_embedding_model`.
        training: bool. Defaults to `False`.

    Output shape:
        `(batch_size, embedding_dim)`, not normalized.

    Example:

    ```python
    embedder = build_embedding_model("mobilefacenet", embedding_dim=256)
    recognizer = FaceRecognizer(embedder, SphereFaceRHead(num_classes=10572))
    recognizer.compile(optimizer=keras.optimizers.SGD(0.1, momentum=0.9))
    recognizer.fit(images, labels, epochs=20)
    ```
    """

    train_step = steady_step(keras.Model.train_step)

    def __init__(self, embedder, head, **kwargs):
        super().__init__(**kwargs)
        if not isinstance(embedder, keras.Model):
            raise ValueError(
                "`embedder` must be a keras.Model from images to embeddings. "
                f"Received: embedder={embedder!r}"
            )
        if not isinstance(head, MarginHead | PairHead):
            raise ValueError(
                "`head` must be a head of keras_sphereface.heads. "
                f"Received: head={head!r}"
            )
        self.embedder = embedder
        self.head = head
        self._accuracy = keras.metrics.Mean(name="accuracy")
        self._target_angle = keras.metrics.Mean(name="target_angle")
        self._embedding_norm = keras.metrics.Mean(name="embedding_norm")
        self._past_margin = keras.metrics.Mean(name="past_margin")
        self._non_finite_losses = keras.metrics.Sum(name="non_finite_losses")
        self._wrong_labels = keras.metrics.Sum(name="wrong_labels")
        tell_directions(self, _DIRECTIONS)
        if embedder.built:
            self.build(embedder.input_shape)

    def build(self, input_shape):
        if not self.embedder.built:
            self.embedder.build(input_shape)
        embeddings_shape = self.embedder.compute_output_shape(input_shape)
        if len(embeddings_shape) != 2:
            raise ValueError(
                "`embedder` must return embeddings of shape (batch_size, "
                f"embedding_dim). Received: outputs of shape "
                f"{tuple(embeddings_shape)}"
            )
        if not self.head.built:
            self.head.build(embeddings_shape)
        self.built = True

    def compile(
        self, optimizer="rmsprop", loss=None, auto_scale_loss=True, **kwargs
    ):
        """As `keras.Model.compile`; without `loss`, the head's own.

        A `loss` given here is called on the labels and on the head's margined
        logits; the head's norm penalty, if it has one, is added to it.

        Args:
            optimizer: As in `keras.Model.compile`. Passed through
                `optimizers.replica_safe`.
            loss: As in `keras.Model.compile`. Defaults to the head's loss.
            auto_scale_loss: bool, whether an embedder in `mixed_float16` has
                its loss scaled. Defaults to `True`.
            **kwargs: The other arguments of `keras.Model.compile`, but
                `metrics`, since there is no `y_pred` to compare with labels.
                `jit_compile=True` and `steps_per_execution` are errors under
                a `tf.distribute` strategy.
        """
        for argument in ("metrics", "weighted_metrics", "loss_weights"):
            if kwargs.get(argument) is not None:
                raise ValueError(
                    f"FaceRecognizer does not take `{argument}`: it reports "
                    "accuracy, target_angle, embedding_norm and past_margin "
                    "itself. Use callbacks.VerificationCallback to measure "
                    "more. "
                    f"Received: {argument}={kwargs[argument]!r}"
                )
        loss = PrecomputedLoss() if loss is None else loss
        if self.head.is_streamed and not isinstance(loss, PrecomputedLoss):
            raise ValueError(
                "`loss` must be left out with a head that does not compute "
                "all classes at once: it has no logits for another loss. "
                f"Received: loss={loss!r}, "
                f"class_chunk={self.head.class_chunk!r}"
            )
        replicas.check_compile_arguments(self, kwargs)
        with replicas.scope(self):
            optimizer = replica_safe(
                self._for_sampled_classes(optimizer),
                loss_scale=auto_scale_loss
                and self.embedder.dtype_policy.name == "mixed_float16",
            )
        if self.head.class_chunk is not None:
            # For a head that has to save memory.
            optimizer = momentum_in_place(optimizer)
        super().compile(
            optimizer=optimizer, loss=loss, auto_scale_loss=False, **kwargs
        )
        self._uses_head_loss = isinstance(loss, PrecomputedLoss)
        if self._uses_head_loss or replicas.strategy_of(self) is not None:
            # Builds the compiled loss now. Under a strategy `fit` would build
            # it on labels averaged over the replicas, integers no more.
            shape = (1,) if self._uses_head_loss else (1, self.head.num_classes)
            super().compute_loss(
                y=ops.zeros((1,), "int32"), y_pred=ops.zeros(shape)
            )

    def _for_sampled_classes(self, optimizer):
        if self.head.sample_rate == 1:
            return optimizer
        if replicas.strategy_of(self) is not None:
            raise ValueError(
                "`sample_rate` must be 1 under a tf.distribute strategy; use "
                "`class_chunk` there, or the JAX backend. "
                f"Received: sample_rate={self.head.sample_rate}"
            )
        optimizer = keras.optimizers.get(optimizer)
        if isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
            inner = self._for_sampled_classes(optimizer.inner_optimizer)
            optimizer.inner_optimizer = inner
            return optimizer
        if isinstance(optimizer, ColumnOptimizer):
            return optimizer
        return ColumnOptimizer(optimizer)

    def compile_from_config(self, config):
        config = keras.saving.deserialize_keras_object(config)
        self.compile(**config)
        if self.optimizer is not None and self.built:
            self.optimizer.build(self.trainable_variables)

    def fit(self, x=None, y=None, batch_size=None, epochs=1, **kwargs):
        """As `keras.Model.fit`; wrong labels are refused before they train.

        Those of an array at once, those of a `tf.data.Dataset`, a `PyDataset`
        or a generator as it is read.
        So are images that are not in `[0, 255]`, in the first batch, where the
        embedder is one of `build_embedding_model` that scales them.
        """
        x = self._checked_images(x)
        if isinstance(y, np.ndarray | list | tuple):
            check_labels(np.asarray(y), self.head.num_classes)
        elif ops.is_tensor(y):
            check_labels(y, self.head.num_classes)
        x = with_checked_labels(x, self.head.num_classes)
        x, y, batch_size, kwargs = divisible_batches.divisible_fit_data(
            self, x, y, batch_size, kwargs
        )
        if y is None and not isinstance(x, keras.utils.PyDataset):
            # Keras would warn, at every fit on a dataset, that it cannot
            # shuffle it.
            kwargs.setdefault("shuffle", False)
        return super().fit(x, y, batch_size, epochs, **kwargs)

    def evaluate(self, x=None, y=None, batch_size=None, **kwargs):
        """As `keras.Model.evaluate`, with the look at images of `fit`."""
        x = self._checked_images(x)
        x, y, batch_size, kwargs = divisible_batches.divisible_evaluation_data(
            self, x, y, batch_size, kwargs
        )
        return super().evaluate(x, y, batch_size, **kwargs)

    def predict(self, x, *args, **kwargs):
        """As `keras.Model.predict`, with the look at images of `fit`."""
        return super().predict(self._checked_images(x), *args, **kwargs)

    def _checked_images(self, x):
        # Another embedder may want pixels on another scale.
        names = {layer.name for layer in getattr(self.embedder, "layers", ())}
        return with_first_images_checked(x) if SCALING in names else x

    def make_train_function(self, force=False):
        if self.built:
            # Built inside of the step, TensorFlow would hold the zeros that
            # the momentum starts from as long as the step.
            self._build_optimizer()
        self.step_state = StepState(self, self._non_finite_losses)
        if not replicas.is_multi_worker(self):
            return super().make_train_function(force)
        if force or self.train_function is None:
            self.train_function = replicas.step_function(self, self.train_step)
        return self.train_function

    def make_test_function(self, force=False):
        if not replicas.is_multi_worker(self):
            return super().make_test_function(force)
        if force or self.test_function is None:
            self.test_function = replicas.step_function(self, self.test_step)
        return self.test_function

    def _maybe_symbolic_build(self, iterator=None, data_batch=None):
        if not self.built or replicas.strategy_of(self) is None:
            super()._maybe_symbolic_build(iterator, data_batch)
            return
        # Keras would draw a batch and average its images and labels over the
        # replicas, which fails if they are not of one size or on many workers.
        # All there is to build is the optimizer; `compile` has built the rest.
        self._build_optimizer()

    def _build_optimizer(self):
        with replicas.scope(self):
            if self.optimizer is not None and not self.optimizer.built:
                self.optimizer.build(self.trainable_variables)

    def call(self, images, training=False):
        return self.embedder(images, training=training)

    def compute_loss(
        self, x=None, y=None, y_pred=None, sample_weight=None, training=True
    ):
        if y is None:
            raise ValueError(
                "FaceRecognizer trains on (images, labels). "
                "Received: images without labels"
            )
        outputs = self.head.compute_outputs(y_pred, y, training)
        cosines = ops.clip(outputs.cos_target, -1.0, 1.0)
        degrees = ops.arccos(cosines) * (180.0 / np.pi)
        self._accuracy.update_state(outputs.is_nearest, sample_weight)
        self._target_angle.update_state(degrees, sample_weight)
        self._embedding_norm.update_state(outputs.norms, sample_weight)
        self._past_margin.update_state(outputs.is_past_margin, sample_weight)
        self._non_finite_losses.update_state(~ops.isfinite(outputs.losses))
        labels = outputs.labels
        self._wrong_labels.update_state(labels < 0)
        if self._uses_head_loss:
            return super().compute_loss(
                x, labels, outputs.losses, sample_weight, training
            )
        if outputs.soft_labels is not None:
            labels = outputs.soft_labels
        loss = super().compute_loss(
            x, labels, outputs.logits, sample_weight, training
        )
        if outputs.penalties is None:
            return loss
        return loss + PrecomputedLoss()(
            labels, outputs.penalties, sample_weight
        )

    def get_metrics_result(self):
        """As `keras.Model.get_metrics_result`, without `count_faults`."""
        results = super().get_metrics_result()
        for fault in (self._non_finite_losses, self._wrong_labels):
            results.pop(fault.name, None)
        return results

    def count_faults(self):
        """What cannot train, counted since the epoch began.

        Returns:
            Dict of int: `non_finite_losses`, samples whose loss is NaN or
            infinite, and `wrong_labels`, those that are no class, where the
            step could not raise.
        """
        return {
            metric.name: int(ops.convert_to_numpy(metric.result()))
            for metric in (self._non_finite_losses, self._wrong_labels)
        }

    def get_config(self):
        serialize = keras.saving.serialize_keras_object
        return {
            **super().get_config(),
            "embedder": serialize(self.embedder),
            "head": serialize(self.head),
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        config = dict(config)
        for part in ("embedder", "head"):
            config[part] = keras.saving.deserialize_keras_object(
                config[part], custom_objects=custom_objects
            )
        return cls(**config)
