"""One run of a study, in a process of its own."""

import csv
import json
import math
import os
import shutil
import signal
import sys
import threading
import time
from pathlib import Path

import numpy as np

from keras_sphereface.contract import EmbeddingError
from keras_sphereface.data import EncodedFaces
from keras_sphereface.evaluation.study_run import ANGLE_STEP, StudyRun
from keras_sphereface.files import write_json
from keras_sphereface.training.center_angles import center_angles
from keras_sphereface.training.config_flag import from_config_dict
from keras_sphereface.training.divergence import DivergenceError
from keras_sphereface.training.train import train

_MOST_FACES = 1024  # whose angles are measured


def run_planned(settings, folder, path):
    """Trains and measures one run of a study, and writes what it measured.

    It trains by `train`, so it resumes where it was killed.

    Args:
        settings: dict, those of a `PlannedRun`.
        folder: path of a folder for the files of the run; removed at the end.
        path: path of the JSON file to write.
    """
    config = from_config_dict(settings["config"])
    folder, started = Path(folder), time.monotonic()

    def keep(result=None, failure=""):
        run = StudyRun(
            head=config.head.name,
            arguments=dict(config.head.arguments),
            learning_rate=config.optimizer.learning_rate,
            seed=config.seed,
            history=read_history(folder / "history.csv"),
            failure=failure,
            seconds=round(time.monotonic() - started, 1),
            **({} if result is None else _measure(result)),
        )
        write_json(path, {"settings": settings, "run": run.to_dict()})

    try:
        # Kept before the run counts as finished, or one killed while it is
        # measured would train again.
        train(config, folder, progress=False, export=keep)
    except DivergenceError:
        keep(failure="diverged")
    except EmbeddingError as error:
        keep(failure="collapsed" if error.is_finite else "diverged")
    shutil.rmtree(folder)


def _measure(result):
    faces, after = result.faces, result.after
    images, labels = _some_faces(faces)
    recognizer = result.recognizer
    embeddings = recognizer.predict(images, verbose=0)
    angles = center_angles(recognizer.head, embeddings, labels)
    return {
        "data": (
            f"{faces.num_images:,} images of {faces.num_classes:,} identities "
            f"({faces.name}), {after.num_pairs:,} pairs ({faces.pairs_name})"
        ),
        "num_pairs": after.num_pairs,
        "accuracy": after.accuracy,
        "untrained_accuracy": result.before.accuracy,
        "target_angles": _histogram(angles.target),
        "nearest_angles": _histogram(angles.nearest),
        "target_angle": float(angles.target.mean()),
        "norm": float(np.median(angles.norms)),
    }


def _some_faces(faces):
    """Faces evenly spread over the training set, and their labels."""
    count = min(faces.num_images, _MOST_FACES)
    places = np.linspace(0, faces.num_images - 1, count).astype(int)
    source = faces.source
    if isinstance(source, EncodedFaces):
        return source.read_images(places), faces.labels[places]
    images, labels = source if isinstance(source, tuple) else source.load()
    return images[places], labels[places]


def _histogram(angles):
    return np.histogram(angles, np.arange(0, 181, ANGLE_STEP))[0].tolist()


def read_history(path):
    """The logs of each epoch, without what is not finite.

    Args:
        path: path of the `history.csv` of a run; it may be missing.

    Returns:
        List of dicts of float, `"epoch"` an int.
    """
    if not path.is_file():
        return []
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return [
        {
            name: int(value) if name == "epoch" else float(value)
            for name, value in row.items()
            if value and math.isfinite(float(value))
        }
        for row in rows
    ]


def main():
    """Does the run that a line of JSON on the standard input describes.

    The process ends when the input does, so that none outlives a killed study
    and trains beside the run that is started in its place.
    """
    arguments = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_input, daemon=True).start()
    run_planned(**arguments)


def _end_with_input():
    # Not by `sys.stdin`, whose lock would be held when the interpreter ends.
    os.read(sys.stdin.fileno(), 1)
    # Not by a signal that `train` would answer with another step.
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main()
