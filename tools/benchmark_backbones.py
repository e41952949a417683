r"""Times a forward and a backward pass of backbones, beside PyTorch.

Command: python tools/benchmark_backbones.py \
    --backbones=sfnet20,iresnet50,mobilefacenet --batch_size=64

Every round takes one step of each in turn, so that other work on the machine
slows all alike; the table has medians, and the ratio of each round's images a
second to the faster of PyTorch's two memory formats. Needs `torch`.
"""

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
flags.DEFINE_integer("batch_size", 64, "Images in a step.", lower_bound=1)
flags.DEFINE_integer("image_size", 112, "Height and width.", lower_bound=16)
flags.DEFINE_integer("rounds", 5, "Steps of each.", lower_bound=1)
flags.DEFINE_integer("threads", 2, "Of PyTorch and TensorFlow.", lower_bound=1)


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
    """The same of PyTorch."""
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


def main(_):
    torch.set_num_threads(FLAGS.threads)
    tf.config.threading.set_intra_op_parallelism_threads(FLAGS.threads)
    shape = (FLAGS.image_size, FLAGS.image_size, 3)
    images = np.random.default_rng(0).uniform(-1, 1, (FLAGS.batch_size, *shape))
    images = images.astype("float32")
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
