import dataclasses
import json
import os
import shutil
import sys
from pathlib import Path

from keras_sphereface.contract.arguments import check_integer
from keras_sphereface.evaluation import StudyRun, summarize_study
from keras_sphereface.files import lock_folder, write_json
from keras_sphereface.reports import write_study_page
from keras_sphereface.training.study_processes import (
    WorkerJob,
    run_in_processes,
)

WORKER = (sys.executable, "-m", "keras_sphereface.training.study_worker")


class StudyError(RuntimeError):
    """A study of which some runs failed to run."""


def compare_heads(study, workdir, *, processes=1, threads=None, on_run=None):
    """Trains every head of a study with every seed, and reports what came out.

    Each run trains in a fresh process by `train`, and leaves one small file,
    `runs/KEY.json`, whose name is made of all settings of the run. Killed, the
    study goes on when it is started again: runs that are there are not
    repeated, and one that was killed resumes. A study that was changed takes
    over the runs that it still has, and does the others.

    Writes `report.html` and `report.json` too, see `report_study`.

    Args:
        study: `HeadStudy`.
        workdir: str or path of a folder; made if it is missing. One study at a
            time works in it.
        processes: int, runs at a time. Defaults to `1`.
        threads: int, threads of each run. Defaults to `None`, its share of the
            processor cores.
        on_run: function of the `StudyRun` that is done, or `None`. Defaults to
            `None`.

    Returns:
        `StudySummary`.

    Raises:
        StudyError: a process failed; it names the runs and their logs. All
            others are done, unless the first ones failed.
        FolderInUseError: another process does a study in `workdir`.

    Example:

    ```python
    study = HeadStudy(({"name": "normface"}, {"name": "spherefacer"}))
    print(compare_heads(study, "runs/study"))
    ```
    """
    workdir = Path(workdir)
    processes = check_integer("processes", processes, at_least=1)
    if threads is None:
        threads = max((os.cpu_count() or 1) // processes, 1)
    threads = check_integer("threads", threads, at_least=1)
    jobs = [
        _job(workdir, run)
        for run in study.plan()
        if not _path_of(workdir, run).is_file()
    ]

    def on_done(job):
        if on_run is not None:
            on_run(_read(job.arguments["path"]))

    workdir.mkdir(parents=True, exist_ok=True)
    with lock_folder(workdir):
        failed = run_in_processes(
            WORKER, jobs, processes=processes, threads=threads, on_done=on_done
        )
    if not failed:
        shutil.rmtree(workdir / "training", ignore_errors=True)
        return report_study(study, workdir)
    if read_runs(study, workdir):
        report_study(study, workdir)
    texts = [f"{job.name}: {job.log}\n{said}" for job, said in failed]
    raise StudyError(
        f"{len(failed)} of {len(jobs)} runs failed; started again, the study "
        "does what is missing.\n" + "\n".join(texts)
    )


def report_study(study, workdir):
    """Writes `report.html` and `report.json` of the runs that are done.

    Args:
        study: `HeadStudy`.
        workdir: str or path of its folder, with at least one run.

    Returns:
        `StudySummary`.
    """
    workdir = Path(workdir)
    runs = read_runs(study, workdir)
    if not runs:
        raise ValueError(
            "`workdir` must hold a run of the study. "
            f"Received: workdir={os.fspath(workdir)!r}"
        )
    baseline = study.baseline_label
    summary = summarize_study(
        runs,
        # One that is not there yet compares with nothing.
        baseline=baseline if any(r.label == baseline for r in runs) else None,
        degraded_by=study.degraded_by,
    )
    num_missing = len(study.plan()) - len(runs)
    write_json(
        workdir / "report.json",
        {
            "study": study.to_dict(),
            "num_missing": num_missing,
            **summary.to_dict(),
        },
    )
    write_study_page(workdir / "report.html", summary, num_missing=num_missing)
    return summary


def read_runs(study, workdir):
    """The runs of a study that are done, in its order.

    Args:
        study: `HeadStudy`.
        workdir: str or path of its folder.

    Returns:
        List of `StudyRun`.
    """
    paths = {_path_of(Path(workdir), run): run for run in study.plan()}
    return [
        # The order of arguments, and so the label, may have been another.
        dataclasses.replace(
            _read(path), arguments=planned.config.head.arguments
        )
        for path, planned in paths.items()
        if path.is_file()
    ]


def _job(workdir, run):
    arguments = {
        "settings": run.settings,
        "folder": str(workdir / "training" / run.key),
        "path": str(_path_of(workdir, run)),
    }
    log = workdir / "logs" / f"{run.key}.log"
    return WorkerJob(run.label, arguments, log)


def _path_of(workdir, run):
    return workdir / "runs" / f"{run.key}.json"


def _read(path):
    try:
        content = json.loads(Path(path).read_text("utf-8"))
        return StudyRun.from_dict(content["run"])
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(
            "A file of a run must be as it was written; remove it, and the "
            f"run is done again. Received: {path} ({error})"
        ) from error
