import itertools
import json
import os
import sys
import time

import pytest

from keras_sphereface.training.study_processes import (
    WorkerJob,
    run_in_processes,
)

# Notes when it began and ended, and ends as its line says.
PROGRAM = """
import json, os, sys, time
job = json.loads(sys.stdin.readline())
began = time.time()
time.sleep(job.get("seconds", 0))
print("said", job["name"])
if job.get("fails"):
    sys.exit("no faces")
with open(job["path"], "w") as file:
    json.dump({"began": began, "ended": time.time(),
               "environment": dict(os.environ)}, file)
"""
COMMAND = [sys.executable, "-S", "-c", PROGRAM]


def make_jobs(folder, names, **settings):
    return [
        WorkerJob(
            name,
            {"name": name, "path": str(folder / name), **settings},
            folder / "logs" / f"{name}.log",
        )
        for name in names
    ]


def times(folder, names):
    found = [json.loads((folder / name).read_text()) for name in names]
    return [(each["began"], each["ended"]) for each in found]


def test_every_job_runs_once_and_says_so(tmp_path):
    jobs, done = make_jobs(tmp_path, "abc"), []
    failed = run_in_processes(COMMAND, jobs, on_done=done.append)
    assert failed == []
    assert sorted(job.name for job in done) == ["a", "b", "c"]
    assert (tmp_path / "logs" / "b.log").read_text() == "said b\n"
    spans = times(tmp_path, "abc")
    assert all(
        end <= begin for (_, end), (begin, _) in itertools.pairwise(spans)
    )


def test_several_run_at_a_time(tmp_path):
    jobs = make_jobs(tmp_path, "ab", seconds=0.5)
    assert run_in_processes(COMMAND, jobs, processes=2) == []
    (a, b) = times(tmp_path, "ab")
    assert max(a[0], b[0]) < min(a[1], b[1])


def test_threads_are_limited_and_modules_found(tmp_path):
    run_in_processes(COMMAND, make_jobs(tmp_path, "a"), threads=3)
    environment = json.loads((tmp_path / "a").read_text())["environment"]
    for name in ("OMP", "TF_NUM_INTRAOP", "TF_NUM_INTEROP"):
        key = "OMP_NUM_THREADS" if name == "OMP" else f"{name}_THREADS"
        assert environment[key] == "3"
    known = environment["PYTHONPATH"].split(os.pathsep)
    assert set(filter(None, sys.path)) <= set(known)


def test_a_failure_does_not_stop_the_others(tmp_path):
    good, bad = make_jobs(tmp_path, "ab"), make_jobs(tmp_path, "x", fails=True)
    failed = run_in_processes(COMMAND, [good[0], *bad, good[1]])
    assert failed == [(bad[0], "said x\nno faces")]
    assert (tmp_path / "b").is_file()


def test_where_none_succeeds_the_rest_is_not_tried(tmp_path):
    jobs = make_jobs(tmp_path, "xyz", fails=True)
    failed = run_in_processes(COMMAND, jobs)
    assert [job.name for job, _ in failed] == ["x"]
    assert not (tmp_path / "logs" / "y.log").exists()


def test_whatever_ends_it_ends_its_processes(tmp_path):
    def stop(job):
        raise KeyboardInterrupt

    quick = make_jobs(tmp_path, "a")
    slow = make_jobs(tmp_path, "b", seconds=60)
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        run_in_processes(COMMAND, [*quick, *slow], processes=2, on_done=stop)
    assert time.monotonic() - started < 30
    assert not (tmp_path / "b").exists()


def test_a_process_that_does_not_read_is_a_failure_like_others(tmp_path):
    command = [sys.executable, "-S", "-c", "import sys; sys.exit('no room')"]
    ((_, said),) = run_in_processes(command, make_jobs(tmp_path, "a"))
    assert said == "no room"
