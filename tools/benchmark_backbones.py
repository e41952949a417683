r"""Times a forward and a backward pass of backbones, beside PyTorch.

Command: python tools/benchmark_backbones.py \
    --backbones=sfnet20,iresnet50,mobilefacenet --batch_size=64

Every round takes one step of each in turn, so that other work on the machine
slows all equally; the table has medians, and the ratio of each round's images
per second to the faster of PyTorch's two memory formats. Needs `torch`.

With `--gradient_checkpointing` the table shows instead what a step adds to the
memory of the process, gradients included, without and with checkpointing, and
the ratio of their times.
"""

import concurrent.futures
import multiprocessing
import resource
import statistics
import time

import keras
import numpy as np
import tensorflow as tf
import torch
from absl import app, flags
from torch_twin import TorchTwin

from keras_sphereface import backbones

FLAGS = flags.FLAGS
flags.DEFINE_list(
    "backbones", ["sfnet20", "iresnet50", "mobilefacenet"], "Names."
)
flags.DEFINE_integer("batch_size", 64, "Images per step.", lower_bound=1)
flags.DEFINE_integer("image_size", 112, "Height and width.", lower_bound=16)
flags.DEFINE_integer("rounds", 5, "Steps per network.", lower_bound=1)
flags.DEFINE_integer("threads", 2, "Of PyTorch and TensorFlow.", lower_bound=1)
flags.DEFINE_bool(
    "gradient_checkpointing", False, "Compare it with a plain step instead."
)


def keras_step(model, images):
    """A function that computes the gradients of a mean square once."""
    images = tf.constant(images)

    @tf.function
    def gradients():
        with tf.GradientTape() as tape:
            features = model(images, training=True)
            loss = tf.reduce_mean(tf.square(features))
        # A sum to read, so that no gradient is left out.
        return tf.add_n(
            [
                tf.reduce_sum(gradient)
                for gradient in tape.gradient(loss, model.trainable_variables)
            ]
        )

    return lambda: float(gradients())


def torch_step(twin, images, memory_format):
    """The same for PyTorch."""
    images = torch.from_numpy(images.transpose(0, 3, 1, 2).copy())
    images = images.to(memory_format=memory_format)
    twin = twin.to(memory_format=memory_format).train()

    def step():
        twin.zero_grad()
        twin(images).square().mean().backward()

    return step


def time_interleaved(steps, rounds):
    """Seconds of each step, `{name: [seconds, ...]}`, after one warm-up."""
    for step in steps.values():
        step()
    seconds = {name: [] for name in steps}
    for _ in range(rounds):
        for name, step in steps.items():
            start = time.perf_counter()
            step()
            seconds[name].append(time.perf_counter() - start)
    return seconds


def random_images(batch_size, image_size):
    """Images of noise, scaled to `[-1, 1]`, always the same."""
    images = np.random.default_rng(0).uniform(
        -1, 1, (batch_size, image_size, image_size, 3)
    )
    return images.astype("float32")


def added_memory(name, batch_size, image_size, gradient_checkpointing):
    """MiB that a first step adds to the peak of this, a new, process."""
    images = random_images(batch_size, image_size)
    model = backbones.get(
        name,
        images.shape[1:],
        gradient_checkpointing=gradient_checkpointing,
    )
    step = keras_step(model, images)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    step()
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024


def compare_checkpointing():
    """Prints one row of memory and time per backbone."""
    processes = concurrent.futures.ProcessPoolExecutor(
        max_workers=1,
        mp_context=multiprocessing.get_context("spawn"),
        max_tasks_per_child=1,
    )
    sizes = FLAGS.batch_size, FLAGS.image_size
    print("| backbone | plain | checkpointed | memory | time |")
    print("|---|---|---|---|---|")
    for name in FLAGS.backbones:
        plain, less = (
            processes.submit(added_memory, name, *sizes, choice).result()
            for choice in (False, True)
        )
        keras.utils.clear_session()
        images = random_images(*sizes)
        seconds = time_interleaved(
            {
                choice: keras_step(
                    backbones.get(
                        name, images.shape[1:], gradient_checkpointing=choice
                    ),
                    images,
                )
                for choice in (False, True)
            },
            FLAGS.rounds,
        )
        ratio = statistics.median(
            ours / theirs
            for ours, theirs in zip(seconds[True], seconds[False], strict=True)
        )
        print(
            f"| {name} | {plain:.0f} MiB | {less:.0f} MiB | "
            f"{less / plain:.2f} | {ratio:.2f} |",
            flush=True,
        )


def main(_):
    torch.set_num_threads(FLAGS.threads)
    tf.config.threading.set_intra_op_parallelism_threads(FLAGS.threads)
    if FLAGS.gradient_checkpointing:
        compare_checkpointing()
        return
    shape = (FLAGS.image_size, FLAGS.image_size, 3)
    images = random_images(FLAGS.batch_size, FLAGS.image_size)
    print("| backbone | Keras | torch, channels last | torch | ratio |")
    print("|---|---|---|---|---|")
    for name in FLAGS.backbones:
        keras.utils.clear_session()
        model = backbones.get(name, shape)
        seconds = time_interleaved(
            {
                "keras": keras_step(model, images),
                "last": torch_step(
                    TorchTwin(model), images, torch.channels_last
                ),
                "first": torch_step(
                    TorchTwin(model), images, torch.contiguous_format
                ),
            },
            FLAGS.rounds,
        )
        speeds = [
            f"{FLAGS.batch_size / statistics.median(seconds[key]):.1f}/s"
            for key in ("keras", "last", "first")
        ]
        better = min(("last", "first"), key=lambda k: min(seconds[k]))
        ratio = statistics.median(
            theirs / ours
            for theirs, ours in zip(
                seconds[better], seconds["keras"], strict=True
            )
        )
        print(f"| {name} | {' | '.join(speeds)} | {ratio:.2f} |", flush=True)


if __name__ == "__main__":
    app.run(main)
