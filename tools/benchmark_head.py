r"""Measures time and memory of heads against a plain Dense layer.

    python tools/benchmark_head.py
    python tools/benchmark_head.py --batch_size=512 --num_classes=200000 \
        --variant=chunked_v1 --rounds=5 --json=head.json --plot=head.png

A step is the loss and its gradients with respect to embeddings and weights,
without an optimizer. The baseline, `plain`, is a Dense layer with Keras's
cross-entropy. Against it, SphereFace-R by its three ways in, for v1 and v2:

| variant | what |
|---|---|
| `functional_v1`, `_v2` | a head in a functional model and Keras's loss |
| `cosine_loss_v1`, `_v2` | `SphereFaceRLoss` on `CosineDense` |
| `recognizer_v1`, `_v2` | the loss that `FaceRecognizer.fit` takes |
| `chunked_v1`, `_v2` | the same, `class_chunk=` of the flag |
| `sampled` | the same for v1, `sample_rate=` of the flag |
| `torch` | a plain layer in torch, if it is installed |

All run in turns, so that what else the machine does hits them alike; compare
ratios, which are taken within a round. The processor time of a step hardly
depends on other programs. The time of the first call includes tracing and
compiling. `--num_classes` may be given several times, for the plot.

Memory is measured in a process for each, two ways: the peak of a step beyond
embeddings, weights and their gradients, with flags that make allocators give
back what they do not need; and the peak of a default process, without any flag,
that builds a model with SGD and momentum and trains two steps.

    python tools/benchmark_head.py --train=20 --num_classes=1000000 \\
        --batch_size=128

trains the chunked head on one batch instead, and prints the loss of every
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
    "functional_v1",
    "functional_v2",
    "cosine_loss_v1",
    "cosine_loss_v2",
    "recognizer_v1",
    "recognizer_v2",
    "chunked_v1",
    "chunked_v2",
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
flags.DEFINE_string("class_chunk", "auto", "Of the chunked heads.")
flags.DEFINE_float("sample_rate", 0.1, "Of the sampled head.")
flags.DEFINE_integer("rounds", 9, "Steps per variant.", lower_bound=1)
flags.DEFINE_multi_enum(
    "variant", None, VARIANTS, "To time beside the baseline; else all."
)
flags.DEFINE_bool("memory", True, "Whether to measure memory too.")
flags.DEFINE_string("json", None, "File to write all numbers to.")
flags.DEFINE_string("plot", None, "File to plot time and memory to.")
flags.DEFINE_integer(
    "train", None, "Instead: trains the chunked head, so many steps."
)
flags.DEFINE_enum("measure", None, VARIANTS, "Prints the memory of one.")
flags.DEFINE_enum("peak", None, VARIANTS, "Prints the peak of a process.")

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
    way, _, kind = variant.partition("_v")
    arguments = {"variant": f"v{kind or 1}"}
    if way == "chunked":
        chunk = FLAGS.class_chunk
        arguments["class_chunk"] = chunk if chunk == "auto" else int(chunk)
    if way == "sampled":
        arguments["sample_rate"] = FLAGS.sample_rate
    return ks.SphereFaceRHead(num_classes, **arguments)


def build_loss(variant, num_classes):
    """A function from embeddings and labels to a loss, weights and state."""
    shape = (None, FLAGS.embedding_dim)
    cross_entropy = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    if variant == BASELINE:
        layer = keras.layers.Dense(num_classes, dtype=FLAGS.precision)
        layer.build(shape)

        def plain_loss(embeddings, labels):
            logits = keras.ops.cast(layer(embeddings), "float32")
            return cross_entropy(labels, logits)

        return plain_loss, layer.trainable_variables, []
    if variant.startswith("cosine_loss"):
        layer = ks.layers.CosineDense(num_classes)
        layer.build(shape)
        loss = ks.losses.SphereFaceRLoss(variant=variant[-2:])
        return (
            lambda embeddings, labels: loss(labels, layer(embeddings)),
            [layer.centers],
            [],
        )
    head = build_head(variant, num_classes)
    head.build(shape)

    def head_loss(embeddings, labels):
        if variant.startswith("functional"):
            logits = head(embeddings, labels, training=True)
            return cross_entropy(labels, logits)
        outputs = head.compute_outputs(embeddings, labels, training=True)
        return keras.ops.mean(outputs.losses)

    return head_loss, [head.centers], head.non_trainable_variables


def build_model(variant, num_classes):
    """A compiled model that trains on embeddings, and what it trains on."""
    inputs = keras.Input((FLAGS.embedding_dim,))
    features = keras.layers.Dense(FLAGS.embedding_dim)(inputs)
    random = np.random.default_rng(0)
    size = (FLAGS.batch_size, FLAGS.embedding_dim)
    x = random.normal(size=size).astype("float32")
    y = random.integers(0, num_classes, FLAGS.batch_size).astype("int32")
    optimizer = keras.optimizers.SGD(0.05, momentum=0.9)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    if variant == BASELINE:
        model = keras.Model(inputs, keras.layers.Dense(num_classes)(features))
    elif variant.startswith("cosine_loss"):
        cosines = ks.layers.CosineDense(num_classes)(features)
        model = keras.Model(inputs, cosines)
        loss = ks.losses.SphereFaceRLoss(variant=variant[-2:])
    elif variant.startswith("functional"):
        labels = keras.Input((), dtype="int32")
        logits = build_head(variant, num_classes)(features, labels)
        model, x = keras.Model([inputs, labels], logits), [x, y]
    else:
        model = ks.FaceRecognizer(
            keras.Model(inputs, features), build_head(variant, num_classes)
        )
        loss = None
    model.compile(optimizer, loss)
    return model, x, y


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
    for name, step in steps.items():
        before = time.perf_counter()
        step()  # compiles
        times[name]["first_ms"] = [(time.perf_counter() - before) * 1000]
    for turn in range(rounds):
        start = turn % len(steps)  # nobody always follows the same one
        order = itertools.islice(
            itertools.cycle(steps), start, start + len(steps)
        )
        for name in order:
            before = {unit: read() for unit, read in _UNITS.items()}
            steps[name]()
            for unit, read in _UNITS.items():
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


def measure_peak(variant, num_classes):
    """MiB at the peak of this process, after two steps of training."""
    model, x, y = build_model(variant, num_classes)
    for _ in range(2):
        model.train_on_batch(x, y)
    return _status("VmHWM")


def in_a_process(flag, variant, num_classes):
    """A number of a fresh process; `None` if it does not fit.

    `measure` with allocators that give back what they do not need, or the peak
    is theirs; `peak` with none of that.
    """
    arguments = [
        f"--{name}={FLAGS[name].value}"
        for name in _SETTINGS
        if name != "rounds"
    ]
    lean = {
        "TF_ENABLE_ONEDNN_OPTS": "0",
        "MALLOC_MMAP_THRESHOLD_": str(2**20),
        "MALLOC_ARENA_MAX": "1",
    }
    done = subprocess.run(
        [
            sys.executable,
            __file__,
            f"--{flag}={variant}",
            f"--num_classes={num_classes}",
            *arguments,
        ],
        capture_output=True,
        text=True,
        env={**os.environ, **(lean if flag == "measure" else {})},
    )
    return float(done.stdout.split()[-1]) if done.returncode == 0 else None


def train(num_classes, steps):
    """Prints the losses of steps on one batch, and the peak memory."""
    random = np.random.default_rng(0)
    size = (FLAGS.batch_size, FLAGS.embedding_dim)
    inputs = keras.Input((FLAGS.embedding_dim,))
    outputs = keras.layers.Dense(FLAGS.embedding_dim)(inputs)
    head = build_head("chunked_v2", num_classes)
    recognizer = ks.FaceRecognizer(keras.Model(inputs, outputs), head)
    recognizer.compile(keras.optimizers.SGD(0.05))
    faces = random.normal(size=size).astype("float32")
    labels = random.integers(0, num_classes, FLAGS.batch_size)
    for step in range(steps):
        logs = recognizer.train_on_batch(faces, labels, return_dict=True)
        print(f"step {step + 1}: loss {float(logs['loss']):.4f}", flush=True)
    weights = FLAGS.embedding_dim * num_classes * 4 / 2**20
    print(f"peak {_status('VmHWM'):.0f} MiB, centers {weights:.0f} MiB")


def summarize(times, memory, peaks):
    """What `--json` holds of each variant."""
    results = {}
    for name, of_units in times.items():
        results[name] = {
            "memory_mib": memory.get(name),
            "process_peak_mib": peaks.get(name),
            "first_ms": of_units["first_ms"][0],
        }
        for unit in _UNITS:
            values = of_units[unit]
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
        f"{num_classes} classes: ms per step (lowest)    ratio   "
        "processor: ms, ratio   first, s   MiB of a step   peak of a process"
    ]
    for name, result in results.items():
        lines.append(
            f"{name:15}{result['ms']['median']:10.1f}"
            f" ({result['ms']['lowest']:.1f})".ljust(37)
            + f"{result['ratio']['median']:8.3f}"
            f"{result['cpu_ms']['median']:14.1f}"
            f"{result['cpu_ratio']['median']:8.3f}"
            f"{result['first_ms'] / 1000:11.1f}"
            + _mib(result["memory_mib"], 16)
            + _mib(result["process_peak_mib"], 20)
        )
    return "\n".join(lines)


def _mib(number, width):
    return f"{number:{width}.0f}" if number is not None else " " * width


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
    with ks.files.new_stream(path) as stream:
        figure.savefig(stream, format=os.path.splitext(path)[1][1:], dpi=120)


def main(_):
    numbers = FLAGS.num_classes
    if FLAGS.train:
        train(numbers[0], FLAGS.train)
        return
    if FLAGS.measure:
        print(measure_memory(FLAGS.measure, numbers[0]))
        return
    if FLAGS.peak:
        print(measure_peak(FLAGS.peak, numbers[0]))
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
        memory, peaks = {}, {}
        if FLAGS.memory:
            memory = {n: in_a_process("measure", n, number) for n in names}
            ours = [n for n in names if n != "torch"]
            peaks = {n: in_a_process("peak", n, number) for n in ours}
        report[str(number)] = summarize(times, memory, peaks)
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
