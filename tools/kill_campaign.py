r"""Kills runs at random moments, and shows that nothing is lost by it.

    python tools/kill_campaign.py --kills=60

Each case, a small run on drawn faces that trains, verifies and exports, is done
once without being disturbed. Then the same run is started again and again, and
stopped by SIGKILL or SIGTERM anywhere between its start and its end, until it
ends by itself: its weights, optimizer, history, thresholds and exported files
must be those of the first, to the bit on one device and within 1e-6 on two, and
nothing else may be left in its folder. Then it begins anew, until the number of
kills is reached. A kill takes up to a minute on two cores; the status is 1 if
anything differs.
"""

import csv
import dataclasses
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
from absl import app, flags

import keras_sphereface as ks

CASES = {
    "plain": {},
    "ema": {"optimizer": {"ema_momentum": 0.9}},
    "mixed_float16": {"precision": "mixed_float16"},
    "two_replicas": {"strategy": "mirrored", "cpu_devices": 2},
    "accumulation": {
        "optimizer": {"accumulation_steps": 2, "global_clipnorm": 1.0}
    },
    "identity_sampling": {"data": {"sampling": "identity"}},
}
_KILLS = flags.DEFINE_integer("kills", 60, "How often runs are killed.")
_CASES = flags.DEFINE_list("cases", [*CASES], "Which runs.")
_SEED = flags.DEFINE_integer("seed", 0, "Of the moments and signals.")
_WORKDIR = flags.DEFINE_string(
    "workdir", None, "Where runs are kept; nowhere if not set."
)
_RUN = flags.DEFINE_string("run", None, "Do this case, as the campaign does.")

_STEP_SECONDS = 0.1  # so that kills between steps are not the exception
_READY = b"ready\n"
_TIMEOUT = 600
# What says when and how long a run ran.
_TIMES = ("training_seconds", "images_per_second", "resumed_from_step")


def train(case, workdir):
    """One run of a case, with all that a user may export."""
    import keras

    class Slow(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            time.sleep(_STEP_SECONDS)

    def export(result):
        recognizer = result.recognizer
        state = [*recognizer.variables, *recognizer.optimizer.variables]
        for write, name in (
            (ks.export.export_saved_model, "saved_model"),
            (ks.export.export_litert, "face.tflite"),
        ):
            write(
                recognizer.embedder,
                workdir / name,
                operating_points=result.after,
                training=result.report["config"],
            )
        with ks.files.new_file(workdir / "state.npz") as path:
            np.savez(path, *(keras.ops.convert_to_numpy(v) for v in state))

    sys.stdout.buffer.write(_READY)
    sys.stdout.buffer.flush()
    ks.training.train(config_of(case), workdir, [Slow()], False, export)


def config_of(case):
    """The `TrainConfig` of a case."""
    changes = {**CASES[case]}
    data = ks.training.DataConfig(
        image_size=(32, 32),
        synthetic_identities=8,
        synthetic_images=6,
        synthetic_unseen=20,
        synthetic_pairs=2,
        **changes.pop("data", {}),
    )
    optimizer = ks.training.OptimizerConfig(**changes.pop("optimizer", {}))
    return ks.training.TrainConfig(
        data=data,
        embedder=ks.training.EmbedderConfig("sfnet4", 16, dropout=0.2),
        optimizer=optimizer,
        verification=ks.training.VerificationConfig(every_epochs=1),
        checkpoint=ks.training.CheckpointConfig(every_steps=2),
        epochs=4,
        batch_size=8,
        deterministic=True,
        **changes,
    )


@dataclasses.dataclass
class Attempt:
    """A process of a run, and what became of it.

    Attributes:
        status: int, 0, or what a signal made of it.
        seconds: float, from its start, without imports, to its end.
        errors: str, what it said.
    """

    status: int
    seconds: float
    errors: str


def attempt(case, workdir, *, number=None, after=0.0):
    """Starts a run, and sends a signal to it if one is given."""
    command = [
        sys.executable,
        __file__,
        f"--run={case}",
        f"--workdir={workdir}",
    ]
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=errors
        )
        try:
            process.stdout.readline()
            started = time.monotonic()
            if number is not None:
                try:
                    process.wait(after)
                except subprocess.TimeoutExpired:
                    process.send_signal(number)
            process.wait(_TIMEOUT)
        finally:
            process.kill()
            process.communicate()
        seconds = time.monotonic() - started
        errors.seek(0)
        text = errors.read().decode(errors="replace")
    return Attempt(process.returncode, seconds, text)


def differences(case, whole, killed):
    """What is not the same in the folders of two finished runs."""
    found = []
    names = [
        sorted(path.name for path in each.iterdir()) for each in (whole, killed)
    ]
    if names[0] != names[1]:
        found.append(f"files {sorted(set(names[0]) ^ set(names[1]))}")
    tolerance = 1e-6 if case == "two_replicas" else 0.0
    with (
        np.load(whole / "state.npz") as own,
        np.load(killed / "state.npz") as other,
    ):
        error = max(
            np.abs(np.float64(own[name]) - np.float64(other[name])).max()
            for name in own.files
        )
    if not error <= tolerance:
        found.append(f"weights by {error:.1e}")
    tables = [_history(each) for each in (whole, killed)]
    if tables[0].shape != tables[1].shape or not np.allclose(
        *tables, rtol=10 * tolerance, atol=tolerance, equal_nan=True
    ):
        found.append("history.csv")
    if not tolerance:
        if _report(whole) != _report(killed):
            found.append("report.json")
        name = "face.tflite"
        if (whole / name).read_bytes() != (killed / name).read_bytes():
            found.append(name)
    return found


def _history(folder):
    with open(folder / "history.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    return np.array(rows[1:], np.float64)


def _report(folder):
    report = json.loads((folder / "report.json").read_text("utf-8"))
    return {name: report[name] for name in report if name not in _TIMES}


def _place(workdir):
    """Where a killed run stands."""
    if (workdir / "embedder.keras").is_file():
        return "exporting"
    steps = sorted(workdir.glob("checkpoints/step-*.npz"))
    return steps[-1].stem if steps else "before its first checkpoint"


def _said(error):
    lines = [line for line in error.strip().splitlines() if line]
    return lines[-1] if lines else "nothing said"


def campaign(cases, kills, chance, folder):
    """Kills runs of all cases in turn; returns what went wrong."""
    failures, whole, limits = [], {}, {}
    for case in cases:
        whole[case] = folder / case / "whole"
        first = attempt(case, whole[case])
        if first.status:
            raise RuntimeError(f"{case} does not run:\n{first.errors}")
        limits[case] = first.seconds
        print(f"{case}: {first.seconds:.1f} s undisturbed", flush=True)
    for kill in range(kills):
        case = cases[kill % len(cases)]
        killed = folder / case / "killed"
        number = chance.choice([signal.SIGKILL, signal.SIGTERM])
        after = chance.uniform(0, limits[case])
        found = attempt(case, killed, number=number, after=after)
        # Python's own answer to SIGTERM is that of the time before `train`,
        # and after it.
        expected = {0, -number, *([128 + number] * (number == signal.SIGTERM))}
        outcome = _place(killed)
        if found.status == 0:
            outcome = "done"
        elif found.status not in expected:
            outcome = f"FAILED with {found.status}: {_said(found.errors)}"
            failures.append(f"{case}: {outcome}")
        print(
            f"{kill + 1}/{kills} {case}, {number.name} after {after:.1f} s: "
            f"{outcome}",
            flush=True,
        )
        is_last = kill + len(cases) >= kills
        if found.status and is_last:
            found = attempt(case, killed)
        if found.status == 0:
            wrong = differences(case, whole[case], killed)
            print(f"  ended {'unlike it: ' if wrong else 'as '}", end="")
            print("; ".join(wrong) or "if nothing had happened", flush=True)
            failures += [f"{case}: {each}" for each in wrong]
            shutil.rmtree(killed)
        elif is_last:
            failures.append(f"{case}: {_said(found.errors)}")
    return failures


def main(_):
    if _RUN.value:
        train(_RUN.value, Path(_WORKDIR.value))
        return
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(_WORKDIR.value or scratch)
        chance = random.Random(_SEED.value)
        failures = campaign(_CASES.value, _KILLS.value, chance, folder)
    print(f"\n{_KILLS.value} kills, {len(failures)} failures")
    if failures:
        sys.exit("\n".join(failures))


if __name__ == "__main__":
    app.run(main)
