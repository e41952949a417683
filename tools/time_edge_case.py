"""Runs one case of `benchmark_edge.py` in a process of its own.

    python tools/time_edge_case.py FUNCTION ARGUMENTS

Arguments are a JSON object, and so is what is printed. Nothing but NumPy and
the runtime is loaded, so that the memory is theirs.
"""

import json
import resource
import sys
import time
from pathlib import Path

import numpy as np


class Runner:
    """Runs a file on gray images, again and again.

    Args:
        path: path of a `.tflite` or `.onnx` file with one image input.
        threads: int.
        batch: int, images per run; a file of fixed batch keeps its own.
    """

    def __init__(self, path, threads, batch):
        load = self._load_onnx if path.endswith(".onnx") else self._load_tflite
        self.run, self.batch = load(path, threads, batch)

    def milliseconds(self):
        """How long one run takes."""
        started = time.perf_counter()
        self.run()
        return (time.perf_counter() - started) * 1000

    def _load_tflite(self, path, threads, batch):
        from ai_edge_litert.interpreter import Interpreter

        interpreter = Interpreter(model_path=path, num_threads=threads)
        [details] = interpreter.get_input_details()
        fixed = int(details["shape_signature"][0])
        batch = batch if fixed < 0 else fixed
        shape = (batch, *(int(size) for size in details["shape"][1:]))
        interpreter.resize_tensor_input(details["index"], shape)
        interpreter.allocate_tensors()
        images = np.full(shape, 100, details["dtype"])
        interpreter.set_tensor(details["index"], images)
        return interpreter.invoke, batch

    def _load_onnx(self, path, threads, batch):
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        session = onnxruntime.InferenceSession(
            path, options, providers=["CPUExecutionProvider"]
        )
        [details] = session.get_inputs()
        if isinstance(details.shape[0], int):
            batch = details.shape[0]
        floats = details.type == "tensor(float)"
        dtype = np.float32 if floats else np.uint8
        images = np.full((batch, *details.shape[1:]), 100, dtype)
        return lambda: session.run(None, {details.name: images}), batch


def peak_memory():
    """The most memory this process ever had, in MB."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:  # not Linux; macOS counts in bytes
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak / (2**20 if sys.platform == "darwin" else 2**10)
    # Unlike ru_maxrss, this knows nothing of the parent process.
    return int(status.split("VmHWM:")[1].split()[0]) / 2**10


def run_case(path, threads, batch, runs):
    """Child: milliseconds of every run of one file, and the memory it took."""
    before = peak_memory()
    runner = Runner(path, threads, batch)
    runner.run()
    times = [runner.milliseconds() for _ in range(runs)]
    return {
        "batch": runner.batch,
        "milliseconds": [value / runner.batch for value in times],
        "peak_mb": peak_memory() - before,
    }


def run_in_turns(path, other, threads, runs):
    """Child: milliseconds per image of two files, run by run in turns."""
    runners = [Runner(name, threads, 1) for name in (path, other)]
    for runner in runners:
        runner.run()
    times = ([], [])
    for turn in range(runs):
        for index in (0, 1) if turn % 2 else (1, 0):
            runner = runners[index]
            times[index].append(runner.milliseconds() / runner.batch)
    return {"ours": times[0], "other": times[1]}


FUNCTIONS = {"run_case": run_case, "run_in_turns": run_in_turns}

if __name__ == "__main__":
    print(json.dumps(FUNCTIONS[sys.argv[1]](**json.loads(sys.argv[2]))))
