import keras

from keras_sphereface.backend.keras_internals import tell_directions
from keras_sphereface.callbacks.trained_parts import find_embedder
from keras_sphereface.contract.arguments import check_integer, check_number
from keras_sphereface.evaluation import evaluate_pairs, measured_folds
from keras_sphereface.files import new_file
from keras_sphereface.models import embedding_function
from keras_sphereface.pairs import PairSet

# What the logs of the only pair set begin with.
_ALONE = "verification"
_DIRECTIONS = {"accuracy": "up", "tar": "up", "equal_error": "down"}


class VerificationCallback(keras.callbacks.Callback):
    """Verifies pairs of people after an epoch and keeps the best embedder.

    Adds to the logs `verification_accuracy` (ten-fold), `verification_tar`
    (true accept rate at `far`) and `verification_equal_error`, where other
    callbacks such as `keras.callbacks.EarlyStopping` and `CSVLogger` find
    them, `monitor=` without `mode=`. With several pair sets each name begins
    with that of the set, as Keras names the metrics of several outputs:
    `lfw_verification_accuracy`. The best embedder goes by the first set.

    What would fail at the end of an epoch is said before the first: pairs that
    cannot be measured when the callback is made, broken images of theirs when
    training begins. A set of one fold is measured as `evaluate_pairs` does.

    Args:
        pairs: `PairSet`, or a dict of them by name.
        far: float in `(0, 1]`, for the true accept rate. Defaults to `1e-2`.
        flip: bool, whether the embedding of the mirror image is added.
            Defaults to `False`.
        batch_size: int. Defaults to `64`.
        every_epochs: int, how often to verify; the last epoch always is.
            Defaults to `1`.
        best_path: path of a `.keras` file for the embedder with the best
            accuracy so far; written under a temporary name first. Defaults to
            `None`, which keeps none.
        embedder: `keras.Model` to verify. Defaults to the trained model's
            `embedder`, as `FaceRecognizer` has it.

    Attributes:
        reports: dict of `VerificationReport` by the name of the pair set, of
            the last verification.

    Example:

    ```python
    pairs = PairSet.from_lfw("pairs.txt", "lfw")
    recognizer.fit(dataset, callbacks=[VerificationCallback(pairs)])
    ```
    """

    def __init__(
        self,
        pairs,
        *,
        far=1e-2,
        flip=False,
        batch_size=64,
        every_epochs=1,
        best_path=None,
        embedder=None,
    ):
        super().__init__()
        self.pairs = dict(pairs) if isinstance(pairs, dict) else {_ALONE: pairs}
        for name, pair_set in self.pairs.items():
            if not isinstance(pair_set, PairSet):
                raise ValueError(
                    "`pairs` must be a PairSet, or a dict of them. "
                    f"Received: {name!r} of type "
                    f"{type(pair_set).__name__}"
                )
            measured_folds(is_same=pair_set.is_same, folds=pair_set.folds)
        if not self.pairs:
            raise ValueError("`pairs` must hold a pair set. Received: {}")
        self.far = check_number(
            "far",
            far,
            above=0,
            at_most=1,
            reason="is a false accept rate, so it",
        )
        self.flip = flip
        self.batch_size = check_integer("batch_size", batch_size, at_least=1)
        self.every_epochs = check_integer(
            "every_epochs", every_epochs, at_least=1
        )
        self.best_path = best_path
        self.best_accuracy = -1.0
        self.reports = {}
        self._embedder = embedder
        self._embed = None
        self._are_images_read = False

    @property
    def embedder(self):
        return find_embedder(self.model, self._embedder)

    def set_model(self, model):
        super().set_model(model)
        self._embed = None
        if isinstance(model, keras.Model):
            tell_directions(
                model,
                {
                    f"{self._log_of(name)}_{end}": direction
                    for name in self.pairs
                    for end, direction in _DIRECTIONS.items()
                },
            )

    def on_train_begin(self, logs=None):
        if self._are_images_read:
            return
        for pairs in self.pairs.values():
            for _ in pairs.batches(self.batch_size):
                pass
        self._are_images_read = True

    def on_epoch_end(self, epoch, logs=None):
        is_last = epoch + 1 == self.params.get("epochs")
        if (epoch + 1) % self.every_epochs and not is_last:
            return
        if self._embed is None:  # once, since it may be compiled
            self._embed = embedding_function(self.embedder)
        for name, pairs in self.pairs.items():
            report = evaluate_pairs(
                self._embed,
                pairs,
                flip=self.flip,
                batch_size=self.batch_size,
                fars=(self.far,),
                name=name,
                resamples=0,  # no one reads intervals every epoch
            )
            self.reports[name] = report
            if logs is not None:
                log = self._log_of(name)
                logs[f"{log}_accuracy"] = report.accuracy
                logs[f"{log}_equal_error"] = report.equal_error
                if self.far in report.tar_at_far:
                    logs[f"{log}_tar"] = report.tar_at_far[self.far]
        self._keep_best(next(iter(self.reports.values())).accuracy)

    def _log_of(self, name):
        return f"{name}_verification" if len(self.pairs) > 1 else _ALONE

    def _keep_best(self, accuracy):
        if accuracy <= self.best_accuracy:
            return
        self.best_accuracy = accuracy
        if self.best_path is not None:
            with new_file(self.best_path) as path:
                self.embedder.save(path)
