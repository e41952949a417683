r"""Measures time and memory of model files on the device's runtime.

    python tools/benchmark_edge.py float32.tflite int8.tflite face.onnx \
        --threads=1,2 --batches=1,8 --json=edge.json --plot=edge.png
    python tools/benchmark_edge.py float32.tflite --vs=other.tflite

Every case, a file with so many threads and images at a time, runs in a process
of its own, round after round, so that other work on the machine affects all
equally. The table has the median and 95th percentile of milliseconds per
image, the peak memory beyond that of Python and NumPy, and the share of
operations that XNNPACK takes.

`--vs` names any TFLite file with one image input, of any origin and batch. Both
then run in turns in one process, to compare time per multiply-add: the
milliseconds per run, divided by its images and by the multiply-adds per image.
A ratio of 1.1 says that ours takes a tenth longer for the same work.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
from absl import app, flags

import keras_sphereface as ks

_THREADS = flags.DEFINE_list("threads", ["1"], "Threads of the runtime.")
_BATCHES = flags.DEFINE_list(
    "batches", ["1"], "Images at a time; a file of fixed batch keeps its own."
)
_RUNS = flags.DEFINE_integer("runs", 30, "Runs per round.", lower_bound=1)
_ROUNDS = flags.DEFINE_integer("rounds", 5, "Rounds.", lower_bound=1)
_VS = flags.DEFINE_string("vs", None, "A TFLite file to compare with.")
_JSON = flags.DEFINE_string("json", None, "File for all numbers.")
_PLOT = flags.DEFINE_string("plot", None, "File for a plot.")

_CHILD = Path(__file__).with_name("time_edge_case.py")


def in_child(function, **arguments):
    """What a function of `time_edge_case.py` returns, in a new process."""
    done = subprocess.run(
        [sys.executable, _CHILD, function, json.dumps(arguments)],
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(f"{function} of {arguments} failed: {done.stderr}")
    return json.loads(done.stdout)


def summary(values):
    """Median and 95th percentile."""
    median, high = np.percentile(values, [50, 95]).tolist()
    return {"median": median, "p95": high}


def measure(paths):
    """Every file, threads and batch: a list of cases with their numbers."""
    cases = {
        (path, int(threads), int(batch)): []
        for path in paths
        for threads in _THREADS.value
        for batch in _BATCHES.value
    }
    for turn in range(_ROUNDS.value):
        for path, threads, batch in list(cases)[:: 1 if turn % 2 else -1]:
            cases[path, threads, batch].append(
                in_child(
                    "run_case",
                    path=path,
                    threads=threads,
                    batch=batch,
                    runs=_RUNS.value,
                )
            )
    results = {}
    for (path, threads, _), rounds in cases.items():
        # A file of fixed batch gives the same case for every --batches.
        key = (path, threads, rounds[0]["batch"])
        times = [ms for one in rounds for ms in one["milliseconds"]]
        results.setdefault(
            key,
            {
                "file": path,
                "threads": threads,
                "batch": rounds[0]["batch"],
                "milliseconds": summary(times),
                "peak_mb": max(one["peak_mb"] for one in rounds),
                **describe(path),
            },
        )
    return list(results.values())


def describe(path):
    """Size, work and delegate of a file; of ONNX, the size alone."""
    described = {"megabytes": os.path.getsize(path) / 1e6}
    if path.endswith(".tflite"):
        delegate = ks.edge.examine_delegate(path)
        described |= {
            "multiply_adds": ks.edge.count_multiply_adds(path),
            "xnnpack_share": delegate.share,
            "operations": delegate.operations,
            "partitions": delegate.partitions,
            "outside_xnnpack": delegate.outside,
        }
    return described


def compare(paths, other):
    """Time per multiply-add of each TFLite file over that of the other one."""
    other_work = ks.edge.count_multiply_adds(other)
    comparisons = []
    for path in paths:
        if not path.endswith(".tflite"):
            continue
        work = ks.edge.count_multiply_adds(path)
        for threads in map(int, _THREADS.value):
            rounds = [
                in_child(
                    "run_in_turns",
                    path=path,
                    other=other,
                    threads=threads,
                    runs=_RUNS.value,
                )
                for _ in range(_ROUNDS.value)
            ]
            ours = np.concatenate([one["ours"] for one in rounds])
            others = np.concatenate([one["other"] for one in rounds])
            ratios = (ours / work) / (others / other_work)
            low, median, high = np.percentile(ratios, [25, 50, 75]).tolist()
            comparisons.append(
                {
                    "file": path,
                    "threads": threads,
                    "ours_ms": summary(ours),
                    "other_ms": summary(others),
                    "ratio_per_multiply_add": median,
                    "middle_half": [low, high],
                    "multiply_adds": work,
                    "other_multiply_adds": other_work,
                }
            )
    return comparisons


def table(cases, comparisons):
    """The numbers as text."""
    lines = [
        f"{'file':26}threads batch  ms per image: median  p95   peak MB"
        "   file MB  in XNNPACK"
    ]
    for case in cases:
        share = case.get("xnnpack_share")
        lines.append(
            f"{Path(case['file']).name:26}{case['threads']:7}{case['batch']:6}"
            f"{case['milliseconds']['median']:23.2f}"
            f"{case['milliseconds']['p95']:7.2f}{case['peak_mb']:9.1f}"
            f"{case['megabytes']:10.2f}"
            + ("" if share is None else f"{share:11.1%}")
        )
    for item in comparisons:
        low, high = item["middle_half"]
        lines.append(
            f"{Path(item['file']).name}, {item['threads']} threads: "
            f"{item['ratio_per_multiply_add']:.3f} ({low:.3f} to {high:.3f}) "
            "times the other's time per multiply-add; "
            f"{item['ours_ms']['median']:.2f} ms for "
            f"{item['multiply_adds'] / 1e6:.0f} M against "
            f"{item['other_ms']['median']:.2f} ms for "
            f"{item['other_multiply_adds'] / 1e6:.0f} M"
        )
    return "\n".join(lines)


def plot(cases, path):
    """Bars of time and memory, one per case."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    names = [f"{_title(case)}\n{_setting(case)}" for case in cases]
    height = 1.2 + 0.5 * len(cases)
    figure, (times, memory) = pyplot.subplots(
        1, 2, sharey=True, figsize=(10, height), layout="constrained"
    )
    median = np.array([case["milliseconds"]["median"] for case in cases])
    high = np.array([case["milliseconds"]["p95"] for case in cases])
    colors = [f"C{case['threads'] % 10}" for case in cases]
    times.barh(names, median, xerr=[0 * median, high - median], color=colors)
    times.set_xlabel("ms per image: median, and 95th percentile")
    memory.barh(names, [case["peak_mb"] for case in cases], color="0.7")
    memory.set_xlabel("peak memory beyond Python's, MB")
    times.invert_yaxis()
    times.margins(y=0.02)
    with ks.files.new_stream(path) as stream:
        figure.savefig(stream, format=Path(path).suffix[1:], dpi=120)
    pyplot.close(figure)


def _title(case):
    name = Path(case["file"]).name
    if "xnnpack_share" in case:
        name += f", {case['xnnpack_share']:.0%} in XNNPACK"
    return name


def _setting(case):
    threads = (
        "1 thread" if case["threads"] == 1 else f"{case['threads']} threads"
    )
    return f"{threads}, {case['batch']} at a time"


def main(arguments):
    paths = arguments[1:]
    if not paths:
        raise app.UsageError("name the files to measure")
    cases = measure(paths)
    comparisons = compare(paths, _VS.value) if _VS.value else []
    print(table(cases, comparisons))
    if _PLOT.value:
        plot(cases, _PLOT.value)
    if _JSON.value:
        ks.files.write_json(
            _JSON.value,
            {
                "processors": os.cpu_count(),
                "runs": _RUNS.value,
                "rounds": _ROUNDS.value,
                "vs": _VS.value,
                "cases": cases,
                "comparisons": comparisons,
            },
        )


if __name__ == "__main__":
    app.run(main)
