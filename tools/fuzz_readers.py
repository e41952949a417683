r"""Damages files of every format, and shows that no reader is hurt by it.

    python tools/fuzz_readers.py --cases=3000

Each format has a small whole file. A case changes it, by one bit or word or by
its structure (entries of archives, headers, numbers in text, lines, with
checksums that fit again), and reads it in a child process of 5 seconds of
processor time and 512 MiB more than the whole file took. Right are the error
that the format's documentation names, a warning, what the file held before, and
in formats without checksums something else. Wrong are a crash, a hang, memory
above the limit, another exception, and another content where a checksum leaves
no change unseen. What was wrong is kept in --output, and the status is 1.

A case is known by seed, format and number: --format=pth --first=17 --cases=1
repeats one.
"""

import contextlib
import json
import os
import resource
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import warnings
import zlib
from collections import Counter
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
from absl import app, flags
from fuzz_formats import FORMATS
from fuzz_mutations import mutate

_FORMATS = flags.DEFINE_list("format", [*FORMATS], "Which formats.")
_CASES = flags.DEFINE_integer("cases", 3000, "Changed files per format.")
_FIRST = flags.DEFINE_integer("first", 0, "Number of the first case.")
_SEED = flags.DEFINE_integer("seed", 0, "Of all changes.")
_OUTPUT = flags.DEFINE_string("output", "fuzzed", "Folder of what was wrong.")
_WORKDIR = flags.DEFINE_string("workdir", None, "Where a child reads.")
_RESUME = flags.DEFINE_integer("resume", None, "Case that a child begins at.")

_CPU_SECONDS = 5
_WALL_SECONDS = 120  # of a child that waits, on a busy machine
_MORE_MEMORY = 512 << 20
_RIGHT = ("error", "warning", "same", "other")


def changed(name, original, case):
    """The content of a case."""
    seed = [_SEED.value, zlib.crc32(name.encode()), case]
    rng = np.random.default_rng(seed)
    return mutate(original, rng, FORMATS[name].changes)


def write_case(path, name, original, case):
    """Writes one case of a format, with a checksum that fits again."""
    path.write_bytes(changed(name, original, case))
    if FORMATS[name].seal is not None:
        FORMATS[name].seal(path)


def prepare(name, workdir):
    """Writes the whole file of a format once."""
    folder = workdir / name
    if not (folder / "whole").exists():
        folder.mkdir(parents=True, exist_ok=True)
        FORMATS[name].write(folder)
        shutil.copy(folder / FORMATS[name].path, folder / "whole")
    return folder


def memory(what):
    """Kilobytes of this process: `"VmSize"` or `"VmHWM"`."""
    status = Path("/proc/self/status").read_text()
    return int(status.split(f"{what}:")[1].split()[0])


@contextlib.contextmanager
def limits():
    """Ends the process after seconds of work; refuses memory above a size."""
    most = (memory("VmSize") << 10) + _MORE_MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (most, resource.RLIM_INFINITY))
    signal.setitimer(signal.ITIMER_PROF, _CPU_SECONDS)  # SIGPROF kills
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
        resource.setrlimit(resource.RLIMIT_AS, unlimited)


def read(form, folder):
    """What is in the file, and what was warned of."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = form.read(folder)
    warned = [w for w in caught if issubclass(w.category, UserWarning)]
    return found, {str(warning.message) for warning in warned}


def outcome_of(form, folder, expected, usual_warnings):
    """What became of one changed file, and of what kind it was if wrong."""
    try:
        with limits():
            found, warned = read(form, folder)
    except (form.error, FileNotFoundError) as error:
        return "error" if len(str(error)) > 20 else f"says nothing: {error!r}"
    except Exception as error:
        return f"unclear {type(error).__name__}: {str(error)[:200]}"
    if warned - usual_warnings:
        return "warning"
    if found == expected:
        return "same"
    return "another content was accepted" if form.is_checked else "other"


def work(names, first, workdir):
    """The child: a line for each case that starts and that ends."""
    for name in names:
        form, folder = FORMATS[name], prepare(name, workdir)
        path, original = folder / form.path, (folder / "whole").read_bytes()
        path.write_bytes(original)
        whole = read(form, folder)
        for case in range(first, _FIRST.value + _CASES.value):
            say("start", name, case)
            write_case(path, name, original, case)
            say("end", name, case, outcome_of(form, folder, *whole))
        first = _FIRST.value


def say(*words):
    """Tells the parent process how far this one is, a line of JSON."""
    print(json.dumps(words), flush=True)


def lines_of(child):
    """What a child says; ends when it does, or says nothing for too long."""
    while select.select([child.stdout], [], [], _WALL_SECONDS)[0]:
        line = child.stdout.readline()
        if not line:
            return
        if line.startswith("["):
            yield json.loads(line)
    child.kill()


def campaign(workdir, log):
    """Runs children until every case has its outcome."""
    outcomes = {name: Counter() for name in _FORMATS.value}
    wrong = []
    names, first = _FORMATS.value, _FIRST.value
    while names:
        settings = [f"--{f.name}={f.value}" for f in (_CASES, _FIRST, _SEED)]
        child = subprocess.Popen(
            [
                *(sys.executable, __file__, *settings),
                *(f"--format={','.join(names)}", f"--resume={first}"),
                f"--workdir={workdir}",
            ],
            stdout=subprocess.PIPE,
            stderr=log,  # decoders in C complain there
            text=True,
        )
        started = None
        for kind, name, case, *rest in lines_of(child):
            started = (name, case) if kind == "start" else None
            if kind == "start":
                continue
            (outcome,) = rest
            kind = outcome if outcome in _RIGHT else "wrong"
            outcomes[name][kind] += 1
            if kind == "wrong":
                wrong.append((name, case, outcome))
        code = child.wait()
        if started is None:
            if code:
                log.seek(0)
                raise RuntimeError(
                    f"A child ended with status {code}: {log.read()[-2000:]}"
                )
            return outcomes, wrong
        name, case = started
        how = "hangs" if code in (-signal.SIGPROF, -signal.SIGKILL) else "dies"
        outcomes[name]["wrong"] += 1
        wrong.append((name, case, f"the process {how} (status {code})"))
        names, first = names[names.index(name) :], case + 1
    return outcomes, wrong


def keep(wrong, workdir):
    """Puts files that hurt where they can be looked at."""
    output = Path(_OUTPUT.value)
    output.mkdir(parents=True, exist_ok=True)
    for name, case, outcome in wrong:
        original = (workdir / name / "whole").read_bytes()
        suffix = Path(FORMATS[name].path).suffix
        path = output / f"{name.replace(' ', '_')}-{case}{suffix}"
        write_case(path, name, original, case)
        print(f"{path}: {outcome}")


def main(_):
    unknown = set(_FORMATS.value) - set(FORMATS)
    if unknown:
        raise app.UsageError(f"--format must be of {[*FORMATS]}")
    if _WORKDIR.value is not None:
        work(_FORMATS.value, _RESUME.value, Path(_WORKDIR.value))
        return
    start = time.perf_counter()
    with (
        tempfile.TemporaryDirectory() as folder,
        tempfile.TemporaryFile("w+", errors="replace") as log,
    ):
        outcomes, wrong = campaign(Path(folder), log)
        print("| format | " + " | ".join((*_RIGHT, "wrong")) + " |")
        print("|---" * (len(_RIGHT) + 2) + "|")
        for name, counts in outcomes.items():
            cells = [str(counts[kind]) for kind in (*_RIGHT, "wrong")]
            print(f"| {name} | {' | '.join(cells)} |")
        if wrong:
            keep(wrong, Path(folder))
    seconds = time.perf_counter() - start
    print(f"{len(wrong)} wrong, in {seconds:.0f} s, with --seed={_SEED.value}")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    app.run(main)
