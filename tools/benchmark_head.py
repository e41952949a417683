r"""Measures time and memory of heads against a plain Dense layer.

    python tools/benchmark_head.py
    python tools/benchmark_head.py --batch_size=512 --num_classes=200000 \
        --variant=streamed --rounds=5 --json=head.json --plot=head.png

A step is the loss and its gradients with respect to embeddings and weights,
without an optimizer. The baseline, `plain`, is a Dense layer with Keras's
cross-entropy. Against it:

| variant | head |
|---|---|
| `dense_v1`, `dense_v2` | SphereFace-R, all classes at once |
| `streamed_v1`, `streamed_v2` | SphereFace-R, `class_chunk=` of the flag |
| `sampled` | SphereFace-R v1, `sample_rate=` of the flag |
| `torch` | a plain layer in torch, if it is installed |

All run in turns, so that other work on the machine affects them equally;
compare ratios, which are taken within a round. The processor time of a step
hardly depends on other programs. `--num_classes` may be given several times,
for the plot. Memory is measured in one process per variant: the peak of a step
beyond embeddings, weights and their gradients.

    python tools/benchmark_head.py --train=20 --num_classes=1000000 \\
        --batch_size=128

trains the streamed head on one batch instead, and prints the loss of every
step and the peak memory of the process.
"""

import ctypes
import gc
import importlib.util
import itertools
import os
import subprocess
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
from absl import app, flags

import keras_sphereface as ks

BASELINE = "plain"
VARIANTS = (
    BASELINE,
    "dense_v1",
    "dense_v2",
    "streamed_v1",
    "streamed_v2",
    "sampled",
    "torch",
)

FLAGS = flags.FLAGS
flags.DEFINE_integer("batch_size", 256, "Embeddings per step.", lower_bound=1)
flags.DEFINE_multi_integer("num_classes", [10572], "Classes; may repeat.")
flags.DEFINE_integer("embedding_dim", 512, "Length of an embedding.")
flags.DEFINE_enum(
    "precision",
    "float32",
    ["float32", "mixed_bfloat16", "mixed_float16"],
    "Policy of the plain layer and of the embeddings.",
)
flags.DEFINE_string("class_chunk", "auto", "Of the streamed heads.")
flags.DEFINE_float("sample_rate", 0.1, "Of the sampled head.")
flags.DEFINE_integer("rounds", 9, "Steps per variant.", lower_bound=1)
flags.DEFINE_multi_enum(
    "variant", None, VARIANTS, "To time beside the baseline; else all."
)
flags.DEFINE_bool("memory", True, "Whether to measure memory too.")
flags.DEFINE_string("json", None, "File to write all numbers to.")
flags.DEFINE_string("plot", None, "File to plot time and memory to.")
flags.DEFINE_integer(
    "train", None, "Instead: trains the streamed head, so many steps."
)
flags.DEFINE_enum("measure", None, VARIANTS, "Prints the memory of one.")

_SETTINGS = (
    "batch_size",
    "embedding_dim",
    "precision",
    "class_chunk",
    "sample_rate",
    "rounds",
)
_UNITS = {"ms": time.perf_counter, "cpu_ms": time.process_time}


def build_head(variant, num_classes):
    """The head of a variant that is ours."""
    chunk = FLAGS.class_chunk
    arguments = {
        "dense_v1": {"variant": "v1"},
        "dense_v2": {"variant": "v2"},
        "streamed_v1": {"variant": "v1", "class_chunk": chunk},
        "streamed_v2": {"variant": "v2", "class_chunk": chunk},
        "sampled": {"variant": "v1", "sample_rate": FLAGS.sample_rate},
    }[variant]
    if arguments.get("class_chunk", "auto") != "auto":
        arguments["class_chunk"] = int(chunk)
    return ks.SphereFaceRHead(num_classes, **arguments)


def build_loss(variant, num_classes):
    """A function from embeddings and labels to a loss, and its weights."""
    shape = (None, FLAGS.embedding_dim)
    if variant == BASELINE:
        layer = keras.layers.Dense(num_classes, dtype=FLAGS.precision)
        layer.build(shape)
        cross_entropy = keras.losses.SparseCategoricalCrossentropy(
            from_logits=True
        )

        def plain_loss(embeddings, labels):
            logits = keras.ops.cast(layer(embeddings), "float32")
            return cross_entropy(labels, logits)

        return plain_loss, layer.trainable_variables
    head = build_head(variant, num_classes)
    head.build(shape)

    def head_loss(embeddings, labels):
        outputs = head.compute_losses(embeddings, labels, training=True)
        return keras.ops.mean(outputs.losses)

    return head_loss, [head.centers], head.non_trainable_variables


def build_step(variant, num_classes):
    """A function without arguments that runs one step and waits for it."""
    random = np.random.default_rng(0)
    size = (FLAGS.batch_size, FLAGS.embedding_dim)
    embeddings = random.normal(size=size).astype("float32")
    labels = random.integers(0, num_classes, FLAGS.batch_size).astype("int32")
    if variant == "torch":
        return _torch_step(embeddings, labels, num_classes)
    build = {"tensorflow": _tensorflow_step, "jax": _jax_step}
    return build[keras.backend.backend()](
        *build_loss(variant, num_classes), embeddings=embeddings, labels=labels
    )


def _half(embeddings):
    policy = keras.dtype_policies.DTypePolicy(FLAGS.precision)
    return keras.ops.cast(embeddings, policy.compute_dtype)


def _tensorflow_step(loss, weights, state=(), *, embeddings, labels):
    import tensorflow as tf

    embeddings, labels = _half(embeddings), tf.constant(labels)
    weights = [weight.value for weight in weights]

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            tape.watch(embeddings)
            value = loss(embeddings, labels)
        return value, tape.gradient(value, [embeddings, *weights])

    def run():
        value, _ = step()
        return float(value)

    return run


def _jax_step(loss, weights, state=(), *, embeddings, labels):
    import jax

    def stateless(values, others, embeddings, labels):
        mapping = zip([*weights, *state], [*values, *others], strict=True)
        with keras.StatelessScope(state_mapping=mapping):
            return loss(embeddings, labels)

    step = jax.jit(jax.value_and_grad(stateless, argnums=(0, 2)))
    arguments = (
        [weight.value for weight in weights],
        [variable.value for variable in state],
        _half(embeddings),
        labels,
    )
    compiled = step.lower(*arguments).compile()

    def run():
        return float(jax.block_until_ready(compiled(*arguments))[0])

    memory = compiled.memory_analysis()
    run.bytes = memory.temp_size_in_bytes + memory.output_size_in_bytes
    return run


def _torch_step(embeddings, labels, num_classes):
    import torch

    torch.set_num_threads(os.cpu_count())
    embeddings = torch.tensor(embeddings, requires_grad=True)
    labels = torch.tensor(labels, dtype=torch.int64)
    layer = torch.nn.Linear(FLAGS.embedding_dim, num_classes)

    def run():
        value = torch.nn.functional.cross_entropy(layer(embeddings), labels)
        parameters = [embeddings, *layer.parameters()]
        return torch.autograd.grad(value, parameters)[0]

    return run


def measure_times(steps, rounds):
    """Milliseconds per step, `{variant: {unit: [one per round]}}`."""
    times = {name: {unit: [] for unit in _UNITS} for name in steps}
    for turn in range(-1, rounds):
        start = turn % len(steps)  # nobody always follows the same one
        order = itertools.islice(
            itertools.cycle(steps), start, start + len(steps)
        )
        for name in order:
            before = {unit: read() for unit, read in _UNITS.items()}
            steps[name]()
            for unit, read in _UNITS.items():
                if turn >= 0:  # the first turn compiles
                    taken = (read() - before[unit]) * 1000
                    times[name][unit].append(taken)
    return times


def measure_memory(variant, num_classes):
    """MiB at the peak of a step beyond embeddings, weights and gradients."""
    # What the library itself takes, once, is not the head's.
    build_step(variant, 64)()
    step = build_step(variant, num_classes)
    floats = FLAGS.embedding_dim * (num_classes + FLAGS.batch_size)
    if hasattr(step, "bytes"):
        return (step.bytes - floats * 4) / 2**20
    step()  # compiles, which takes memory of its own
    gc.collect()
    ctypes.CDLL("libc.so.6").malloc_trim(0)
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")  # the peak begins anew
    before = _status("VmRSS")
    step()
    return _status("VmHWM") - before - floats * 4 / 2**20


def _status(name):
    with open("/proc/self/status") as file:
        line = next(line for line in file if line.startswith(name))
    return int(line.split()[1]) / 1024


def memory_in_a_process(variant, num_classes):
    """`measure_memory` in a fresh process; `None` if it does not fit."""
    arguments = [
        f"--{name}={FLAGS[name].value}"
        for name in _SETTINGS
        if name != "rounds"
    ]
    done = subprocess.run(
        [
            sys.executable,
            __file__,
            f"--measure={variant}",
            f"--num_classes={num_classes}",
            *arguments,
        ],
        capture_output=True,
        text=True,
        # Or allocators keep what they once had, and the peak is theirs.
        env={
            **os.environ,
            "TF_ENABLE_ONEDNN_OPTS": "0",
            "MALLOC_MMAP_THRESHOLD_": str(2**20),
            "MALLOC_ARENA_MAX": "1",
        },
    )
    return float(done.stdout.split()[-1]) if done.returncode == 0 else None


def train(num_classes, steps):
    """Prints the losses of steps on one batch, and the peak memory."""
    random = np.random.default_rng(0)
    size = (FLAGS.batch_size, FLAGS.embedding_dim)
    inputs = keras.Input((FLAGS.embedding_dim,))
    outputs = keras.layers.Dense(FLAGS.embedding_dim)(inputs)
    head = build_head("streamed_v2", num_classes)
    recognizer = ks.FaceRecognizer(keras.Model(inputs, outputs), head)
    recognizer.compile(keras.optimizers.SGD(0.05))
    faces = random.normal(size=size).astype("float32")
    labels = random.integers(0, num_classes, FLAGS.batch_size)
    for step in range(steps):
        logs = recognizer.train_on_batch(faces, labels, return_dict=True)
        print(f"step {step + 1}: loss {float(logs['loss']):.4f}", flush=True)
    weights = FLAGS.embedding_dim * num_classes * 4 / 2**20
    print(f"peak {_status('VmHWM'):.0f} MiB, centers {weights:.0f} MiB")


def summarize(times, memory):
    """What `--json` holds of each variant."""
    results = {}
    for name, of_units in times.items():
        results[name] = {"memory_mib": memory.get(name)}
        for unit, values in of_units.items():
            pairs = zip(values, times[BASELINE][unit], strict=True)
            ratios = [value / baseline for value, baseline in pairs]
            results[name][unit] = {
                "median": float(np.median(values)),
                "lowest": min(values),
                "rounds": values,
            }
            results[name][unit.replace("ms", "ratio")] = {
                "median": float(np.median(ratios)),
                "rounds": ratios,
            }
    return results


def table(num_classes, results):
    """The numbers of `summarize` that matter, as text."""
    lines = [
        f"{num_classes} classes: ms per step (lowest)   ratio   "
        "processor: ms, ratio   MiB"
    ]
    for name, result in results.items():
        memory = result["memory_mib"]
        lines.append(
            f"{name:13}{result['ms']['median']:12.1f}"
            f" ({result['ms']['lowest']:.1f})".ljust(36)
            + f"{result['ratio']['median']:8.3f}"
            f"{result['cpu_ms']['median']:14.1f}"
            f"{result['cpu_ratio']['median']:8.3f}"
            + (f"{memory:10.0f}" if memory is not None else "         -")
        )
    return "\n".join(lines)


def plot(report, path):
    """Time and memory over the number of classes."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, panels = pyplot.subplots(1, 2, figsize=(9, 4))
    numbers = [int(number) for number in report]
    for name in report[str(numbers[0])]:
        rows = [report[str(number)][name] for number in numbers]
        memory = [row["memory_mib"] or float("nan") for row in rows]
        panels[0].plot(numbers, [r["ms"]["median"] for r in rows], "o-")
        panels[1].plot(numbers, memory, "o-", label=name)
    for panel, text in zip(
        panels,
        ("milliseconds per step", "MiB beyond weights and gradients"),
        strict=True,
    ):
        panel.set(xlabel="classes", ylabel=text, xscale="log", yscale="log")
    panels[1].legend(frameon=False)
    figure.tight_layout()
    figure.savefig(path, dpi=120)


def main(_):
    numbers = FLAGS.num_classes
    if FLAGS.train:
        train(numbers[0], FLAGS.train)
        return
    if FLAGS.measure:
        print(measure_memory(FLAGS.measure, numbers[0]))
        return
    has_torch = importlib.util.find_spec("torch") is not None
    names = [BASELINE]
    names += [n for n in FLAGS.variant or VARIANTS if n != BASELINE]
    if not has_torch:
        names = [name for name in names if name != "torch"]
    report = {}
    for number in numbers:
        keras.utils.set_random_seed(0)
        steps = {name: build_step(name, number) for name in names}
        times = measure_times(steps, FLAGS.rounds)
        del steps
        keras.utils.clear_session()
        memory = {}
        if FLAGS.memory:
            memory = {n: memory_in_a_process(n, number) for n in names}
        report[str(number)] = summarize(times, memory)
        print(table(number, report[str(number)]))
    if FLAGS.json:
        config = {name: FLAGS[name].value for name in _SETTINGS}
        ks.files.write_json(
            FLAGS.json,
            {
                "config": config,
                "backend": keras.backend.backend(),
                "processors": os.cpu_count(),
                "keras": keras.__version__,
                "baseline": BASELINE,
                "num_classes": report,
            },
        )
    if FLAGS.plot:
        plot(report, FLAGS.plot)


if __name__ == "__main__":
    app.run(main)
