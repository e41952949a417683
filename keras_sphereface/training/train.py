import time
from pathlib import Path
from typing import Any, NamedTuple

import keras

from keras_sphereface import heads
from keras_sphereface.callbacks import ProgressBar
from keras_sphereface.data import training_dataset
from keras_sphereface.evaluation import VerificationReport, evaluate_pairs
from keras_sphereface.files import new_file, write_json
from keras_sphereface.models import (
    FaceRecognizer,
    build_embedding_model,
    embedding_function,
)
from keras_sphereface.training.faces import TrainingFaces, load_faces
from keras_sphereface.training.optimizer import build_optimizer


class TrainResult(NamedTuple):
    """What a run made.

    Attributes:
        recognizer: the trained `FaceRecognizer`.
        faces: the `TrainingFaces` it saw.
        before: `VerificationReport` of the untrained embedder, or `None`
            without pairs.
        after: `VerificationReport` of the trained one, or `None`.
        history: dict of lists, the logs of each epoch.
        report: dict, what `report.json` says.
    """

    recognizer: Any
    faces: TrainingFaces
    before: VerificationReport | None
    after: VerificationReport | None
    history: dict
    report: dict


def train(config, workdir, callbacks=(), progress=True):
    """Trains a recognizer and verifies it before and after.

    Writes `embedder.keras`, `recognizer.keras` and `report.json` into
    `workdir`.

    Pairs are scored without flip fusion: the thresholds are for a device that
    embeds one crop once.

    Args:
        config: `TrainConfig`.
        workdir: str or path of a folder; made if it is missing.
        callbacks: more Keras callbacks. Defaults to `()`.
        progress: bool, whether to show a progress bar. Defaults to `True`.

    Returns:
        `TrainResult`.
    """
    workdir = Path(workdir)
    workdir.mkdir(parents=True, exist_ok=True)
    keras.utils.set_random_seed(config.seed)
    faces = load_faces(config.data, config.seed)
    dataset = training_dataset(
        faces.source, config.batch_size, seed=config.seed
    )
    recognizer = _build_recognizer(config, faces.num_classes, len(dataset))
    before = _verify(recognizer.embedder, faces)
    started = time.monotonic()
    callbacks = [*callbacks, *([ProgressBar()] if progress else [])]
    history = recognizer.fit(
        dataset, epochs=config.epochs, callbacks=callbacks, verbose=0
    ).history
    seconds = time.monotonic() - started
    after = _verify(recognizer.embedder, faces)
    for name, model in (
        ("embedder.keras", recognizer.embedder),
        ("recognizer.keras", recognizer),
    ):
        with new_file(workdir / name) as path:
            model.save(path)
    report = {
        "config": config.to_dict(),
        "data": {
            "source": faces.name,
            "num_classes": faces.num_classes,
            "num_images": faces.num_images,
        },
        "training_seconds": round(seconds, 1),
        "images_per_second": round(
            config.epochs * len(dataset) * config.batch_size / seconds, 1
        ),
        "history": {
            name: [float(value) for value in values]
            for name, values in history.items()
        },
        "before": None if before is None else before.to_dict(),
        "after": None if after is None else after.to_dict(),
        "operating_points": (
            [] if after is None else after.to_dict()["operating_points"]
        ),
    }
    write_json(workdir / "report.json", report)
    return TrainResult(recognizer, faces, before, after, history, report)


def _build_recognizer(config, num_classes, steps_per_epoch):
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy(config.precision)
    try:
        embedder = build_embedding_model(
            config.embedder.backbone,
            embedding_dim=config.embedder.embedding_dim,
            image_size=config.data.image_size,
        )
        head = heads.get(config.head.name, num_classes, **config.head.arguments)
        recognizer = FaceRecognizer(embedder, head)
    finally:
        keras.config.set_dtype_policy(policy)
    recognizer.compile(
        build_optimizer(config.optimizer, steps_per_epoch, config.epochs)
    )
    return recognizer


def _verify(embedder, faces):
    if faces.pairs is None:
        return None
    return evaluate_pairs(
        embedding_function(embedder),
        faces.pairs,
        name=faces.pairs_name,
    )
