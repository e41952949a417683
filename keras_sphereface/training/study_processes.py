"""The runs of a study, each in a process of its own."""

import json
import os
import subprocess
import sys
import time
from collections import deque
from pathlib import Path
from typing import Any, NamedTuple

_SECONDS_BETWEEN_LOOKS = 0.05
_LAST_LINES = 12


class WorkerJob(NamedTuple):
    """What one process is to do.

    Attributes:
        name: str, for errors.
        arguments: dict of JSON types, which it reads as a line.
        log: path of the file for what it says.
    """

    name: str
    arguments: dict[str, Any]
    log: Path


def run_in_processes(
    command, jobs, *, processes=1, threads=1, on_done=lambda job: None
):
    """Runs a command once per job, several at a time.

    A process that fails does not stop the others, unless none has succeeded
    yet: then all would fail. Whatever ends this function ends its processes.

    Args:
        command: list of str. It reads a line of JSON and ends when its input
            does.
        jobs: list of `WorkerJob`.
        processes: int, how many at a time. Defaults to `1`.
        threads: int, threads that TensorFlow and torch may use in each.
            Defaults to `1`.
        on_done: function of the `WorkerJob` that has succeeded.

    Returns:
        List of `(job, text)`, each `WorkerJob` whose process failed, and the
        last lines that it said.
    """
    environment = _environment(threads)
    waiting, running, failed, succeeded = deque(jobs), {}, [], 0
    try:
        while waiting or running:
            while waiting and len(running) < processes:
                job = waiting.popleft()
                running[_start(command, job, environment)] = job
            done = [each for each in running if each.poll() is not None]
            for process in done:
                job = running.pop(process)
                process.stdin.close()
                if process.returncode:
                    failed.append((job, _last_lines(job.log)))
                else:
                    succeeded += 1
                    on_done(job)
            if failed and not succeeded:
                waiting.clear()
            if not done:
                time.sleep(_SECONDS_BETWEEN_LOOKS)
    finally:
        for process in running:
            process.kill()
            process.wait()
            process.stdin.close()
    return failed


def _start(command, job, environment):
    job.log.parent.mkdir(parents=True, exist_ok=True)
    with open(job.log, "w", encoding="utf-8") as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=environment,
            text=True,
        )
    try:
        process.stdin.write(json.dumps(job.arguments) + "\n")
        process.stdin.flush()
    except BrokenPipeError:
        pass  # It has failed already, and says why in its log.
    return process


def _environment(threads):
    count = str(threads)
    return {
        **os.environ,
        "OMP_NUM_THREADS": count,
        "TF_NUM_INTRAOP_THREADS": count,
        "TF_NUM_INTEROP_THREADS": count,
        # Several processes may share a GPU.
        "TF_FORCE_GPU_ALLOW_GROWTH": "true",
        "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
        "TF_CPP_MIN_LOG_LEVEL": os.environ.get("TF_CPP_MIN_LOG_LEVEL", "2"),
        # What this process can import, a head of the user, they can too.
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
    }


def _last_lines(log):
    lines = log.read_text("utf-8", errors="replace").splitlines()
    return "\n".join(lines[-_LAST_LINES:])
