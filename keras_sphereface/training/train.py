import importlib.util
from typing import Any, NamedTuple

import keras

from keras_sphereface import heads
from keras_sphereface.data import ImageSampling
from keras_sphereface.evaluation import VerificationReport, evaluate_pairs
from keras_sphereface.files import new_file, write_json
from keras_sphereface.models import (
    FaceRecognizer,
    build_embedding_model,
    embedding_function,
)
from keras_sphereface.training.batches import build_sampling
from keras_sphereface.training.data_fingerprint import DataFingerprint
from keras_sphereface.training.divergence import divergence_error
from keras_sphereface.training.faces import TrainingFaces, load_faces
from keras_sphereface.training.fit_run import fit_run
from keras_sphereface.training.identities import keep_identities
from keras_sphereface.training.optimizer import build_optimizer
from keras_sphereface.training.run import Run, verification_of
from keras_sphereface.training.run_report import run_report
from keras_sphereface.training.stop_signals import StopSignals
from keras_sphereface.training.strategy import (
    count_devices,
    make_cpu_devices,
    open_strategy,
    writes_files,
)
from keras_sphereface.training.workdir import checkpoint_folder, open_workdir


class TrainResult(NamedTuple):
    """What a run made.

    Attributes:
        recognizer: the trained `FaceRecognizer`.
        faces: the `TrainingFaces` it saw.
        reports_before: dict of `VerificationReport` of the untrained embedder
            by the name of the pair set, the main one first.
        reports_after: dict of those of the trained one.
        history: list of dicts, the logs of each epoch.
        report: dict, what `report.json` says.
        writes_files: bool, `False` on all workers but one.
    """

    recognizer: Any
    faces: TrainingFaces
    reports_before: dict[str, VerificationReport]
    reports_after: dict[str, VerificationReport]
    history: list
    report: dict
    writes_files: bool

    @property
    def before(self):
        """The report of the main pair set, untrained, or `None`."""
        return next(iter(self.reports_before.values()), None)

    @property
    def after(self):
        """The report of the main pair set, trained, or `None`."""
        return next(iter(self.reports_after.values()), None)


def train(config, workdir, callbacks=(), progress=True, export=None):
    """Trains a recognizer and verifies it before and after.

    Writes `embedder.keras`, `recognizer.keras`, `identities.json`,
    `history.csv` and `report.json` into `workdir`, and, verifying while it
    trains, `best_embedder.keras`.

    A run that was killed resumes from its newest checkpoint when the same
    config is started again on the same data, and ends with the weights it would
    have had. Its checkpoints stay until `export` has returned, so that one
    killed while it exports goes on there; a finished run leaves none, and
    starting it again starts over. SIGTERM and SIGINT end a run after the step
    that is being done, or the verification, with a checkpoint and the exit code
    128 plus the number of the signal; a second one ends it at once. On many
    workers, which would have to agree on the step, they do what they always do.

    While it runs, `workdir` is its own: another run there is refused, and what
    a killed one left unfinished is removed.

    A `callbacks.TrainingAlarm` watches; what it said is in `report.json` under
    `alarms`. A run whose weights are not finite, or none of its last 50 losses,
    ends within 51 steps: it saves no model, its checkpoints stay, and
    `report.json` says under `diverged` what the error does. With
    `on_divergence="rollback"` it goes back to the newest checkpoint at a lower
    learning rate first, as often as `rollbacks` says.

    Pairs are scored without flip fusion: the thresholds are for a device that
    embeds one crop once. They are those of the main pairs, the first unless
    `DataConfig.main_pairs` names others.

    Args:
        config: `TrainConfig`.
        workdir: str or path of a folder; made if it is missing. On many
            workers, a folder that all of them can read.
        callbacks: more Keras callbacks. Their own state is not resumed.
            Defaults to `()`.
        progress: bool, whether to show a progress bar. Defaults to `True`.
        export: function of the `TrainResult`, for what else is made of it
            before the run counts as finished. Called where files are written,
            when those above are. Defaults to `None`.

    Returns:
        `TrainResult`.

    Raises:
        CheckpointError: `workdir` holds an unfinished run of another config or
            on other data, or its checkpoints are damaged.
        FolderInUseError: another process trains in `workdir`.
        DivergenceError: the run diverged and does not go on.
    """
    make_cpu_devices(config.cpu_devices)
    with open_strategy(config) as strategy:
        is_writer = writes_files(strategy)
        replicas = count_devices(config, strategy)
    with (
        StopSignals(config.strategy != "multi_worker") as signals,
        open_workdir(workdir, is_writer) as folder,
    ):
        run, faces = _open_run(config, folder, is_writer, signals)
        embed = embedding_function(run.recognizer.embedder)
        before = _verify(embed, faces)
        run.resume()
        if config.tensorboard and is_writer:
            callbacks = [*callbacks, _tensorboard(folder)]
        first_step = run.step
        seconds = fit_run(run, faces, callbacks, progress)
        after = {} if run.is_broken else _verify(embed, faces)
        error = divergence_error(run) if run.is_broken else None
        report = run_report(
            run,
            faces,
            before,
            after,
            replicas=replicas,
            first_step=first_step,
            seconds=seconds,
            error=error,
        )
        if error is not None:
            if is_writer:
                write_json(folder / "report.json", report)
            raise error
        result = TrainResult(
            run.recognizer, faces, before, after, run.history, report, is_writer
        )
        if is_writer:
            _write(result, folder)
            if export is not None:
                export(result)
            run.finish()
    return result


def _open_run(config, workdir, is_writer, signals):
    """The `Run` of a config, at its start, and its `TrainingFaces`."""
    with open_strategy(config):
        if config.deterministic:
            _make_deterministic()
        keras.utils.set_random_seed(config.seed)
        faces = load_faces(config.data, config.seed)
        steps = _steps_per_epoch(config, faces)
        recognizer = _build_recognizer(config, faces.num_classes, steps)
    verification = verification_of(
        config, faces, recognizer, workdir, is_writer
    )
    run = Run(
        config,
        recognizer,
        workdir,
        DataFingerprint(faces, steps, checkpoint_folder(workdir)),
        verification,
        is_writer,
        signals,
    )
    if is_writer:
        keep_identities(
            workdir, faces.identities, is_resumed=bool(run.checkpoints.steps())
        )
    return run, faces


def _write(result, workdir):
    for name, model in (
        ("embedder.keras", result.recognizer.embedder),
        ("recognizer.keras", result.recognizer),
    ):
        with new_file(workdir / name) as path:
            model.save(path)
    write_json(workdir / "report.json", result.report)


def _verify(embed, faces):
    return {
        name: evaluate_pairs(embed, pairs, name=name)
        for name, pairs in faces.pair_sets.items()
    }


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
