import importlib.util
import time
from pathlib import Path
from typing import Any, NamedTuple

import keras

from keras_sphereface import heads
from keras_sphereface.callbacks import ProgressBar
from keras_sphereface.data import ImageSampling, training_dataset
from keras_sphereface.evaluation import VerificationReport, evaluate_pairs
from keras_sphereface.files import new_file, write_json
from keras_sphereface.models import (
    FaceRecognizer,
    build_embedding_model,
    embedding_function,
)
from keras_sphereface.training.batches import build_augmentation, build_sampling
from keras_sphereface.training.faces import TrainingFaces, load_faces
from keras_sphereface.training.identities import keep_identities
from keras_sphereface.training.model_state import unshare_weights
from keras_sphereface.training.optimizer import build_optimizer
from keras_sphereface.training.run import Run, verification_of
from keras_sphereface.training.strategy import (
    count_devices,
    make_cpu_devices,
    open_strategy,
    writes_files,
)

_CACHE_BYTES = 2**30


class TrainResult(NamedTuple):
    """What a run made.

    Attributes:
        recognizer: the trained `FaceRecognizer`.
        faces: the `TrainingFaces` it saw.
        before: `VerificationReport` of the untrained embedder, or `None`
            without pairs.
        after: `VerificationReport` of the trained one, or `None`.
        history: list of dicts, the logs of each epoch.
        report: dict, what `report.json` says.
        writes_files: bool, `False` on all workers but one.
    """

    recognizer: Any
    faces: TrainingFaces
    before: VerificationReport | None
    after: VerificationReport | None
    history: list
    report: dict
    writes_files: bool


def train(config, workdir, callbacks=(), progress=True):
    """Trains a recognizer and verifies it before and after.

    Writes `embedder.keras`, `recognizer.keras`, `identities.json`,
    `history.csv` and `report.json` into `workdir`, and, verifying while it
    trains, `best_embedder.keras`. A run that was killed resumes from its newest
    checkpoint when the same config is started again, and ends with the weights
    it would have had; a finished run leaves no checkpoints, and starting it
    again starts over.

    Pairs are scored without flip fusion: the thresholds are for a device that
    embeds one crop once.

    Args:
        config: `TrainConfig`.
        workdir: str or path of a folder; made if it is missing. On many
            workers, a folder that all of them can read.
        callbacks: more Keras callbacks. Their own state is not resumed.
            Defaults to `()`.
        progress: bool, whether to show a progress bar. Defaults to `True`.

    Returns:
        `TrainResult`.
    """
    workdir = Path(workdir)
    workdir.mkdir(parents=True, exist_ok=True)
    make_cpu_devices(config.cpu_devices)
    with open_strategy(config) as strategy:
        if config.deterministic:
            _make_deterministic()
        keras.utils.set_random_seed(config.seed)
        faces = load_faces(config.data, config.seed)
        steps = _steps_per_epoch(config, faces)
        recognizer = _build_recognizer(config, faces.num_classes, steps)
    is_writer = writes_files(strategy)
    verification = verification_of(
        config, faces, recognizer, workdir, is_writer
    )
    run = Run(config, recognizer, workdir, steps, verification, is_writer)
    if is_writer:
        keep_identities(
            workdir, faces.identities, is_resumed=bool(run.checkpoints.steps())
        )
    embed = embedding_function(recognizer.embedder)
    before = _verify(embed, faces)
    run.resume()
    started, first_step = time.monotonic(), run.step
    if config.tensorboard and is_writer:
        callbacks = [*callbacks, _tensorboard(workdir)]
    _fit(config, run, faces, callbacks, progress)
    seconds = time.monotonic() - started
    after = _verify(embed, faces)
    trained = (run.step - first_step) * config.batch_size
    report = {
        "config": config.to_dict(),
        "data": {
            "source": faces.name,
            "num_classes": faces.num_classes,
            "num_images": faces.num_images,
        },
        "replicas": count_devices(config, strategy),
        "resumed_from_step": first_step or None,
        "training_seconds": round(seconds, 1),
        "images_per_second": round(trained / seconds, 1),
        "history": run.history,
        "before": None if before is None else before.to_dict(),
        "after": None if after is None else after.to_dict(),
        "operating_points": (
            [] if after is None else after.to_dict()["operating_points"]
        ),
    }
    if is_writer:
        for name, model in (
            ("embedder.keras", recognizer.embedder),
            ("recognizer.keras", recognizer),
        ):
            with new_file(workdir / name) as path:
                model.save(path)
        write_json(workdir / "report.json", report)
        run.checkpoints.remove()
    return TrainResult(
        recognizer, faces, before, after, run.history, report, is_writer
    )


def _fit(config, run, faces, callbacks, progress):
    """Fits what is left of the run: the rest of an epoch, then whole ones."""

    def fit(last_epoch):
        first_epoch, seen = divmod(run.step, run.steps_per_epoch)
        dataset = training_dataset(
            faces.source,
            config.batch_size,
            seed=config.seed,
            flip=config.data.flip,
            cache=_caches(config.data, faces),
            sampling=build_sampling(config.data),
            augment=build_augmentation(config.data),
            repeat=True,
            first_step=run.step,
        )
        bar = ProgressBar(
            first_step=run.step, last_step=last_epoch * run.steps_per_epoch
        )
        run.recognizer.fit(
            dataset,
            initial_epoch=first_epoch,
            epochs=last_epoch,
            steps_per_epoch=run.steps_per_epoch - seen,
            callbacks=[run, *callbacks, *([bar] if progress else [])],
            verbose=0,
        )
        unshare_weights(run.recognizer)

    def is_over():
        total = run.steps_per_epoch * config.epochs
        return run.stopped or run.step >= total

    if run.step % run.steps_per_epoch:
        fit(run.step // run.steps_per_epoch + 1)
        if is_over():
            return
        # `fit` ends with the average of the weights, if there is one, in
        # their place.
        run.go_to(run.at_epoch_end)
    if not is_over():
        fit(config.epochs)


def _caches(config, faces):
    if config.cache is not None:
        return config.cache
    height, width = config.image_size
    return faces.num_images * height * width * 3 <= _CACHE_BYTES


def _steps_per_epoch(config, faces):
    sampling = build_sampling(config.data) or ImageSampling()
    steps = sampling.num_batches(
        faces.labels, config.batch_size, drop_remainder=True
    )
    if not steps:
        raise ValueError(
            "`batch_size` must not be larger than the training set. Received: "
            f"batch_size={config.batch_size} for {faces.num_images} images"
        )
    return steps


def _tensorboard(workdir):
    if importlib.util.find_spec("tensorboard") is None:
        raise ModuleNotFoundError(
            "`tensorboard=True` needs TensorBoard: pip install tensorboard"
        )
    return keras.callbacks.TensorBoard(
        str(workdir / "tensorboard"), write_graph=False
    )


def _make_deterministic():
    if keras.backend.backend() != "tensorflow":
        raise ValueError(
            "`deterministic` is for the TensorFlow backend. Received: "
            f"deterministic=True on {keras.backend.backend()}"
        )
    import tensorflow as tf

    tf.config.experimental.enable_op_determinism()


def _build_recognizer(config, num_classes, steps_per_epoch):
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy(config.precision)
    try:
        embedder = build_embedding_model(
            config.embedder.backbone,
            embedding_dim=config.embedder.embedding_dim,
            image_size=config.data.image_size,
            batch_norm=config.embedder.batch_norm,
            dropout=config.embedder.dropout,
            synchronized_batch_norm=config.embedder.synchronized_batch_norm,
            **config.embedder.arguments,
        )
        head = heads.get(config.head.name, num_classes, **config.head.arguments)
        recognizer = FaceRecognizer(embedder, head)
    finally:
        keras.config.set_dtype_policy(policy)
    recognizer.compile(
        build_optimizer(config.optimizer, steps_per_epoch, config.epochs)
    )
    return recognizer


def _verify(embed, faces):
    if faces.pairs is None:
        return None
    return evaluate_pairs(embed, faces.pairs, name=faces.pairs_name)
