r"""Times a training step, and shows what of it is not the backbone.

    python tools/benchmark_fit.py
    python tools/benchmark_fit.py --backbone=mobilefacenet \
        --num_classes=10572 --steps=6 --json=fit.json
    python tools/benchmark_fit.py --baseline=unguarded_memory \
        --variant=watched_memory --steps=100

The baseline, `bare_memory`, is the backbone and a Dense layer with Keras's
cross-entropy and no metrics, on batches that lie ready in memory. Against it:

| variant | model | data |
|---|---|---|
| `recognizer_folder` | FaceRecognizer, SphereFace-R | JPEG files, mirrored |
| `recognizer_cache` | FaceRecognizer, SphereFace-R | files decoded once |
| `recognizer_memory` | FaceRecognizer, SphereFace-R | as the baseline |
| `head_memory` | the head and no metrics | as the baseline |
| `bare_folder` | as the baseline | JPEG files, mirrored |
| `watched_memory` | FaceRecognizer and its alarm | as the baseline |
| `unguarded_memory` | FaceRecognizer that takes every step | as the baseline |

All train in `fit`, in turns, so that other work on the machine affects them
equally; compare ratios, which are taken within a round. The processor time of a
step, over all cores, hardly depends on other programs; it says little where a
GPU computes.
"""

import itertools
import os
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
import tensorflow as tf
from absl import app, flags
from PIL import Image

import keras_sphereface as ks

# Name: (model, data); the baseline comes first.
VARIANTS = {
    "bare_memory": ("bare", "memory"),
    "recognizer_folder": ("recognizer", "folder"),
    "recognizer_cache": ("recognizer", "cache"),
    "recognizer_memory": ("recognizer", "memory"),
    "head_memory": ("head", "memory_with_labels"),
    "bare_folder": ("bare", "folder"),
    "watched_memory": ("watched", "memory"),
    "unguarded_memory": ("unguarded", "memory"),
}

FLAGS = flags.FLAGS
flags.DEFINE_string(
    "data_dir",
    None,
    "One folder per identity that fits in memory. Defaults to 512 drawn faces.",
)
flags.DEFINE_string("backbone", "mobilefacenet_small", "Name of a backbone.")
flags.DEFINE_integer("embedding_dim", 128, "Length of an embedding.")
flags.DEFINE_integer("num_classes", 206, "Identities the head tells apart.")
flags.DEFINE_integer("batch_size", 64, "Images per step.", lower_bound=1)
flags.DEFINE_integer("image_size", 112, "Height and width of the faces.")
flags.DEFINE_integer(
    "steps", 20, "Timed steps per variant and round.", lower_bound=1
)
flags.DEFINE_integer(
    "rounds", 9, "How often every variant runs.", lower_bound=1
)
flags.DEFINE_multi_enum(
    "variant", None, list(VARIANTS), "To time beside the baseline; else all."
)
flags.DEFINE_enum(
    "baseline", "bare_memory", list(VARIANTS), "What the others divide by."
)
flags.DEFINE_string("json", None, "File to write all numbers to.")

_SETTINGS = (
    "data_dir",
    "backbone",
    "embedding_dim",
    "num_classes",
    "batch_size",
    "image_size",
    "steps",
    "rounds",
)
# Steps before the timed ones of every round: the queues of a dataset fill.
_STEPS_TO_START = 3
_UNITS = {"ms": time.perf_counter, "cpu_ms": time.process_time}


class UnguardedRecognizer(ks.FaceRecognizer):
    """Takes every step, finite or not, as `keras.Model` does."""

    train_step = keras.Model.train_step


class StepTimer(keras.callbacks.Callback):
    """Milliseconds per step of one `fit`, by the clock and by the processor."""

    def on_train_batch_end(self, batch, logs=None):
        if batch + 1 == _STEPS_TO_START:
            self._start = {unit: read() for unit, read in _UNITS.items()}

    def on_epoch_end(self, epoch, logs=None):
        # Keras has read the loss, so the device is done.
        steps = self.params["steps"] - _STEPS_TO_START
        self.per_step = {
            unit: (read() - self._start[unit]) * 1000 / steps
            for unit, read in _UNITS.items()
        }


def write_faces(folder, image_size):
    """Draws 512 faces of 64 people, as JPEG files."""
    faces = ks.data.SyntheticFaces(64, 8, image_size=image_size)
    for index, (pixels, label) in enumerate(zip(*faces.load(), strict=True)):
        path = Path(folder, f"{label:02d}", f"{index}.jpg")
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(pixels).save(path, quality=95)


def datasets(folder, batch_size):
    """Endless datasets of the same images by name."""
    images, labels = folder.load()
    order = np.random.default_rng(0).permutation(len(labels))
    order = order[: len(order) // batch_size * batch_size]
    order = order.reshape(-1, batch_size)
    ready = tf.data.Dataset.from_tensor_slices((images[order], labels[order]))

    def ours(cache):
        return ks.data.training_dataset(
            folder, batch_size, cache=cache, repeat=True
        )

    ready = ready.repeat()
    with_labels = ready.map(lambda x, y: ((x, y), y))
    return {
        "memory": ready.prefetch(tf.data.AUTOTUNE),
        "memory_with_labels": with_labels.prefetch(tf.data.AUTOTUNE),
        "cache": ours(cache=True),
        "folder": ours(cache=False),
    }


def compiled_models():
    """The bare classifier, the head without metrics, and the recognizers."""
    size, classes = (FLAGS.image_size,) * 2, FLAGS.num_classes
    cross_entropy = keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    def embedder():
        return ks.build_embedding_model(
            FLAGS.backbone, FLAGS.embedding_dim, image_size=size
        )

    bare, head = embedder(), embedder()
    logits = keras.layers.Dense(classes)(bare.output)
    models = {"bare": keras.Model(bare.input, logits)}
    labels = keras.Input((), dtype="int32")
    logits = ks.SphereFaceRHead(classes)(head.output, labels)
    models["head"] = keras.Model([head.input, labels], logits)
    recognizers = {
        "recognizer": ks.FaceRecognizer,
        "watched": ks.FaceRecognizer,
        "unguarded": UnguardedRecognizer,
    }
    for name, kind in recognizers.items():
        models[name] = kind(embedder(), ks.SphereFaceRHead(classes))
    for name, model in models.items():
        # Too small to learn, and to diverge.
        optimizer = keras.optimizers.SGD(1e-4, momentum=0.9)
        loss = None if name in recognizers else cross_entropy
        model.compile(optimizer, loss)
    return models


def variants(models, data):
    """Model, dataset and callbacks of every variant that the flags ask for."""
    names = {FLAGS.baseline, *(FLAGS.variant or VARIANTS)}
    callbacks = {"watched": [ks.callbacks.TrainingAlarm()]}
    return {
        name: (models[model], data[dataset], callbacks.get(model, []))
        for name, (model, dataset) in VARIANTS.items()
        if name in names
    }


def measure(variants, steps, rounds):
    """Milliseconds per step, `{variant: {unit: [one per round]}}`."""
    timer = StepTimer()
    times = {name: {unit: [] for unit in _UNITS} for name in variants}
    for turn in range(-1, rounds):
        start = turn % len(variants)  # nobody always follows the same one
        order = itertools.islice(
            itertools.cycle(variants), start, start + len(variants)
        )
        for name in order:
            model, dataset, callbacks = variants[name]
            model.fit(
                dataset,
                steps_per_epoch=_STEPS_TO_START + (steps if turn >= 0 else 1),
                callbacks=[*callbacks, timer],
                shuffle=False,
                verbose=0,
            )
            if turn >= 0:  # the first turn traces and warms up
                for unit, value in timer.per_step.items():
                    times[name][unit].append(value)
    return times


def summary(values):
    """Median, middle half and best of the rounds, beside all of them."""
    low, median, high = np.quantile(values, [0.25, 0.5, 0.75]).tolist()
    return {
        "median": median,
        "lowest": min(values),
        "middle_half": [low, high],
        "rounds": values,
    }


def summarize(times):
    """What `--json` holds of each variant."""
    results = {}
    for name, of_units in times.items():
        results[name] = {}
        for unit, values in of_units.items():
            pairs = zip(values, times[FLAGS.baseline][unit], strict=True)
            ratios = [value / baseline for value, baseline in pairs]
            results[name][unit] = summary(values)
            results[name][unit.replace("ms", "ratio")] = summary(ratios)
    return results


def table(results):
    """The numbers of `summarize` that matter, as text."""
    lines = [
        f"{'':18}ms per step: median, lowest   ratio (middle half)     "
        "processor: ms, ratio"
    ]
    for name, result in results.items():
        low, high = result["ratio"]["middle_half"]
        lines.append(
            f"{name:18}{result['ms']['median']:19.1f}"
            f"{result['ms']['lowest']:8.1f}"
            f"{result['ratio']['median']:10.3f} ({low:.3f} to {high:.3f})"
            f"{result['cpu_ms']['median']:13.1f}"
            f"{result['cpu_ratio']['median']:8.3f}"
        )
    return "\n".join(lines)


def main(_):
    size = (FLAGS.image_size,) * 2
    with tempfile.TemporaryDirectory() as drawn:
        if FLAGS.data_dir is None:
            write_faces(drawn, size)
        folder = ks.data.ImageFolder(FLAGS.data_dir or drawn, image_size=size)
        if FLAGS.num_classes < folder.num_classes:
            raise ValueError(
                "`--num_classes` must be at least the identities of the "
                f"folder, {folder.num_classes}. "
                f"Received: --num_classes={FLAGS.num_classes}"
            )
        keras.utils.set_random_seed(0)
        times = measure(
            variants(compiled_models(), datasets(folder, FLAGS.batch_size)),
            FLAGS.steps,
            FLAGS.rounds,
        )
    results = summarize(times)
    print(table(results))
    if FLAGS.json:
        ks.files.write_json(
            FLAGS.json,
            {
                "config": {name: FLAGS[name].value for name in _SETTINGS},
                "processors": os.cpu_count(),
                "keras": keras.__version__,
                "tensorflow": tf.__version__,
                "baseline": FLAGS.baseline,
                "variants": results,
            },
        )


if __name__ == "__main__":
    app.run(main)
