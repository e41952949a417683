r"""Measures how fast batches come from each format, beside PIL and the decoder.

    python tools/benchmark_input.py --data_dir=faces

JPEG files into float batches of 256, in random order, on all cores: from a
folder, from train.rec and from TFRecords of the same images; by PIL in two
processes, as torchvision's ImageFolder and a DataLoader load them; and by
`tf.io.decode_jpeg` alone, from bytes in memory. They take turns, so that
other work on the machine affects all equally; each ratio is a median over the
turns. Processor milliseconds per image depend less on other work.
"""

import contextlib
import io
import itertools
import math
import multiprocessing
import os
import struct
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
import tensorflow as tf
from absl import app, flags
from PIL import Image

import keras_sphereface as ks

_DATA_DIR = flags.DEFINE_string(
    "data_dir", None, "One folder per identity; synthetic faces if not set."
)
_BATCH_SIZE = flags.DEFINE_integer("batch_size", 256, "Images per batch.")
_BATCHES = flags.DEFINE_integer("batches", 16, "Batches per turn.")
_TURNS = flags.DEFINE_integer("turns", 5, "Turns per format.")
_PROCESSES = flags.DEFINE_integer("processes", 2, "Processes with PIL.")


def write_synthetic(folder):
    """2,000 faces in 100 folders, as JPEG."""
    faces = ks.data.SyntheticFaces(100, 20)
    images, labels = faces.load()
    for number, (pixels, label) in enumerate(zip(images, labels, strict=True)):
        path = folder / f"{label:03d}" / f"{number:05d}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path, quality=95)
    return folder


def write_records(faces, folder):
    """The images as train.rec and train.idx."""
    folder.mkdir()
    lines = []
    with open(folder / "train.rec", "wb") as file:
        for key, (image, label) in enumerate(faces):
            lines.append(f"{key}\t{file.tell()}\n")
            content = struct.pack("<IfQQ", 0, label, 0, 0) + image
            file.write(struct.pack("<II", 0xCED7230A, len(content)))
            file.write(content + bytes(-len(content) % 4))
    (folder / "train.idx").write_text("".join(lines))
    return folder


def float_batches(source):
    """Endless float32 batches of a source, as training reads them."""
    dataset = ks.data.training_dataset(
        source, _BATCH_SIZE.value, flip=False, repeat=True
    )
    dataset = dataset.map(
        lambda images, labels: (tf.cast(images, tf.float32), labels)
    )
    return iter(dataset.prefetch(2))


def decoding_alone(faces):
    """The same from bytes in memory, with nothing but the decoder."""
    count = min(len(faces), 4096)
    contents = tf.constant([faces.read_bytes(i) for i in range(count)])
    size = (*faces.image_size, 3)

    def decode(content):
        pixels = tf.io.decode_jpeg(
            content, channels=3, dct_method="INTEGER_ACCURATE"
        )
        return tf.cast(tf.ensure_shape(pixels, size), tf.float32)

    dataset = tf.data.Dataset.from_tensor_slices(contents).repeat()
    dataset = dataset.map(decode, num_parallel_calls=tf.data.AUTOTUNE)
    return iter(dataset.batch(_BATCH_SIZE.value).prefetch(2))


def pil_worker(paths, memories, shape, full, frees, first, stride):
    """A process of a data loader: reads, decodes, and stacks as floats."""
    rng = np.random.default_rng(first)
    for turn in itertools.count():
        slot = turn % len(memories)
        frees[slot].get()
        images = np.frombuffer(memories[slot], np.float32).reshape(shape)
        for place, index in enumerate(rng.integers(0, len(paths), shape[0])):
            with open(paths[index], "rb") as file:
                picture = Image.open(io.BytesIO(file.read())).convert("RGB")
            # To floats in [0, 1], channels first, as ToTensor does.
            pixels = np.asarray(picture, np.float32) / 255
            images[place] = pixels.transpose(2, 0, 1)
        full.put(first + slot * stride)


@contextlib.contextmanager
def pil_batches(paths, image_size):
    """Batches by PIL, handed over in shared memory; and who makes them."""
    context = multiprocessing.get_context("spawn")
    shape = (_BATCH_SIZE.value, 3, *image_size)
    full, stride = context.Queue(), _PROCESSES.value
    memories, frees, processes = [], [], []
    # Each process works up to two batches ahead, as in a DataLoader.
    for _ in range(2 * stride):
        memories.append(context.RawArray("f", math.prod(shape)))
        frees.append(context.Queue())
        frees[-1].put(None)
    for first in range(stride):
        own = slice(first, None, stride)
        process = context.Process(
            target=pil_worker,
            args=(paths, memories[own], shape, full, frees[own], first, stride),
            daemon=True,
        )
        process.start()
        processes.append(process)

    def batches():
        while True:
            slot = full.get()
            yield np.frombuffer(memories[slot], np.float32).reshape(shape)
            frees[slot].put(None)

    try:
        yield batches(), [process.pid for process in processes]
    finally:
        for process in processes:
            process.terminate()
            process.join()


def processor_seconds(pids=()):
    """Of this process and of others, all of their threads."""
    total = time.process_time()
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2]
        ticks = sum(map(int, fields.split()[11:13]))
        total += ticks / os.sysconf("SC_CLK_TCK")
    return total


def time_batches(batches, pids=()):
    """Images per second over a turn, and processor milliseconds per image."""
    for _ in range(6):  # what stood ready, and until threads are in balance
        next(batches)
    start, spent = time.perf_counter(), processor_seconds(pids)
    for _ in range(_BATCHES.value):
        next(batches)
    seconds = time.perf_counter() - start
    count = _BATCHES.value * _BATCH_SIZE.value
    spent = processor_seconds(pids) - spent
    return count / seconds, 1000 * spent / count


def main(_):
    with tempfile.TemporaryDirectory() as scratch:
        scratch = Path(scratch)
        folder = _DATA_DIR.value or write_synthetic(scratch / "faces")
        faces = ks.data.ImageFolder(folder)
        write_records(faces, scratch / "rec")
        ks.data.write_tfrecords(faces, scratch / "tfrecords")
        sources = {
            "train.rec": ks.data.RecordDataset(scratch / "rec"),
            "TFRecords": ks.data.TFRecordFolder(scratch / "tfrecords"),
            "folder": faces,
        }
        rates = {name: [] for name in (*sources, "PIL", "decode_jpeg alone")}
        for _ in range(_TURNS.value):
            # Each way is opened for its turn only: the others must not work
            # ahead meanwhile.
            for name, source in sources.items():
                rates[name].append(time_batches(float_batches(source)))
            with pil_batches(faces.paths, faces.image_size) as (batches, pids):
                rates["PIL"].append(time_batches(batches, pids))
            rates["decode_jpeg alone"].append(
                time_batches(decoding_alone(faces))
            )
    rates = {name: np.array(found) for name, found in rates.items()}
    pil, alone = (rates[name][:, 0] for name in ("PIL", "decode_jpeg alone"))
    print(
        f"{len(faces):,} images, {os.cpu_count()} cores, {_TURNS.value} turns"
    )
    print(
        f"{'':18}{'images/s':>10}{'x PIL':>8}{'x decode_jpeg':>15}"
        f"{'processor ms':>14}"
    )
    for name, found in rates.items():
        rate, cost = found.T
        print(
            f"{name:18}{np.median(rate):10,.0f}{np.median(rate / pil):8.2f}"
            f"{np.median(rate / alone):15.2f}{np.median(cost):14.3f}"
        )


if __name__ == "__main__":
    app.run(main)
