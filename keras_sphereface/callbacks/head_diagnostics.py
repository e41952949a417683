import warnings

import keras
import numpy as np

from keras_sphereface.backend.tensorboard_writer import TensorBoardWriter
from keras_sphereface.callbacks.head_page import plot_head_page
from keras_sphereface.callbacks.head_snapshot import take_snapshot
from keras_sphereface.callbacks.head_warnings import head_warnings
from keras_sphereface.callbacks.trained_parts import find_embedder, find_head
from keras_sphereface.contract.arguments import check_integer


class HeadDiagnostics(keras.callbacks.Callback):
    """Measures the head on the same faces after each epoch.

    Measures the angles to the right and to the nearest wrong center, the norms
    of embeddings, the share of faces past the margin (whose margined logit is
    the largest of their row) and the gradient of the centers; and warns, in
    plain words, of a margin without effect, a scale too small for the number
    of classes, collapsing norms and float16 at its end.

    Adds to the logs `head_target_angle` and `head_nearest_angle` (medians,
    degrees), `head_norm` (median), `head_past_margin` (share) and
    `head_center_gradient` (norm over all centers).

    Args:
        images: array, `(num_faces, ...)`, what the embedder takes; a few
            hundred faces of the training set are enough.
        labels: int array, `(num_faces,)`.
        plot_path: path of a page for `.png`, `.svg` or `.pdf`, drawn anew each
            time. Defaults to `None`, no page.
        log_dir: folder for TensorBoard. Defaults to `None`, no files.
        batch_size: int. Defaults to `64`.
        every_epochs: int, how often; the last epoch always is. Defaults to
            `1`.
        embedder: `keras.Model`. Defaults to `None`, the trained model's
            `embedder`, as `FaceRecognizer` has it.
        head: `MarginHead`. Defaults to `None`, the one of the trained model.

    Attributes:
        snapshots: list of `HeadSnapshot`, one per measurement.
        warnings: dict of str by the kind of warning; each is issued once.

    Example:

    ```python
    diagnostics = HeadDiagnostics(
        images[:500], labels[:500], plot_path="head.png", log_dir="logs"
    )
    recognizer.fit(images, labels, callbacks=[diagnostics])
    ```
    """

    def __init__(
        self,
        images,
        labels,
        *,
        plot_path=None,
        log_dir=None,
        batch_size=64,
        every_epochs=1,
        embedder=None,
        head=None,
    ):
        super().__init__()
        if len(images) != len(labels) or not len(labels):
            raise ValueError(
                "`images` and `labels` must be equally many, at least one. "
                f"Received: {len(images)} images, {len(labels)} labels"
            )
        self.images = images
        self.labels = np.asarray(labels)
        self.plot_path = plot_path
        self.log_dir = log_dir
        self.batch_size = check_integer("batch_size", batch_size, at_least=1)
        self.every_epochs = check_integer(
            "every_epochs", every_epochs, at_least=1
        )
        self.snapshots = []
        self.warnings = {}
        self._given_embedder = embedder
        self._given_head = head
        self._writer = None

    def on_train_begin(self, logs=None):
        self.snapshots, self.warnings = [], {}
        find_head(self.model, self._given_head)
        self._embedder = find_embedder(self.model, self._given_embedder)
        if self.log_dir is not None:
            self._writer = TensorBoardWriter(self.log_dir)

    def on_epoch_end(self, epoch, logs=None):
        is_last = epoch + 1 == self.params.get("epochs")
        if (epoch + 1) % self.every_epochs and not is_last:
            return
        # On JAX, asking for the model brings its variables up to date.
        self._head = find_head(self.model, self._given_head)
        # `predict_on_batch` would repeat the batch for every replica.
        embeddings = self._embedder.predict(
            self.images, batch_size=self.batch_size, verbose=0
        )
        snapshot = take_snapshot(
            self._head,
            embeddings,
            self.labels,
            batch_size=self.batch_size,
            epoch=epoch + 1,
        )
        self.snapshots.append(snapshot)
        scalars = _scalars(snapshot)
        if logs is not None:
            logs.update(scalars)
        self._warn()
        if self._writer is not None:
            self._write(snapshot, scalars)
        if self.plot_path is not None:
            plot_head_page(
                self.snapshots, self._head, self.warnings, self.plot_path
            )

    def on_train_end(self, logs=None):
        if self._writer is not None:
            self._writer.close()

    def _warn(self):
        found = head_warnings(
            self._head,
            self.snapshots,
            uses_float16=any(
                layer.compute_dtype == "float16"
                for layer in self._embedder.layers
            ),
        )
        for kind, text in found.items():
            if kind not in self.warnings:
                warnings.warn(text, stacklevel=2)
        self.warnings = {**self.warnings, **found}

    def _write(self, snapshot, scalars):
        settings = {
            f"head_{name}": getattr(self._head, name)
            for name in type(self._head).hyperparameters()
        }
        self._writer.write(
            snapshot.epoch,
            {**scalars, **settings},
            {
                "head_target_angles": snapshot.target_angles,
                "head_nearest_angles": snapshot.nearest_angles,
                "head_norms": snapshot.norms,
                "head_center_gradients": snapshot.center_gradients,
            },
        )


def _scalars(snapshot):
    return {
        "head_target_angle": float(np.median(snapshot.target_angles)),
        "head_nearest_angle": float(np.median(snapshot.nearest_angles)),
        "head_norm": float(np.median(snapshot.norms)),
        "head_past_margin": snapshot.past_margin,
        "head_center_gradient": float(
            np.sqrt((snapshot.center_gradients**2).sum())
        ),
    }
