import dataclasses
import json
import sys

import pytest
from study_runs import failed_run, make_run

from keras_sphereface.files import FolderInUseError, lock_folder
from keras_sphereface.reports import write_study_page
from keras_sphereface.training import (
    HeadStudy,
    StudyError,
    compare_heads,
    read_runs,
    report_study,
)

pytest.importorskip("matplotlib")
STUDY = HeadStudy(
    heads=({"name": "normface"}, {"name": "arcface", "margin": [0.3, 0.5]}),
    seeds=(0, 1),
    baseline="normface",
)
# Writes the run that it is given, or fails, or never ends.
PROGRAM = """
import json, pathlib, sys, time
job = json.loads(sys.stdin.readline())
config = job["settings"]["config"]
head, seed = config["head"], config["seed"]
path = pathlib.Path(job["path"])
path.parent.mkdir(parents=True, exist_ok=True)
here = pathlib.Path(__file__).parent
with open(here / "started", "a") as file:
    print(path.stem, file=file)
if (here / "fails").exists() and str(head.get("margin")) in (
    (here / "fails").read_text().split()
):
    sys.exit("no room")
run = json.loads((here / "run.json").read_text())
run["head"] = head["name"]
run["arguments"] = {k: v for k, v in head.items() if k != "name"}
run["seed"] = seed
run["learning_rate"] = config["optimizer"]["learning_rate"]
run["accuracy"] = 0.7 + 0.01 * seed + 0.1 * head.get("margin", 0)
partial = path.with_suffix(".partial")
partial.write_text(json.dumps({"settings": job["settings"], "run": run}))
partial.rename(path)
"""


COMPARE_HEADS = sys.modules["keras_sphereface.training.compare_heads"]


@pytest.fixture
def fake(tmp_path, monkeypatch):
    """A folder with a worker that makes numbers up, and its notes.

    Pages, which take a second each, are a line of text.
    """
    folder = tmp_path / "fake"
    folder.mkdir()
    (folder / "worker.py").write_text(PROGRAM)
    (folder / "run.json").write_text(json.dumps(make_run().to_dict()))
    worker = (sys.executable, "-S", str(folder / "worker.py"))
    monkeypatch.setattr(COMPARE_HEADS, "WORKER", worker)
    monkeypatch.setattr(
        COMPARE_HEADS,
        "write_study_page",
        lambda path, summary, num_missing: path.write_text(
            f"{num_missing} missing"
        ),
    )
    return folder


def started(fake):
    """Keys of the runs that were started since the last look."""
    path = fake / "started"
    keys = path.read_text().split() if path.exists() else []
    path.unlink(missing_ok=True)
    return keys


def test_a_study_runs_all_and_reports(fake, tmp_path, monkeypatch):
    monkeypatch.setattr(COMPARE_HEADS, "write_study_page", write_study_page)
    seen, workdir = [], tmp_path / "study"
    summary = compare_heads(STUDY, workdir, processes=2, on_run=seen.append)
    assert sorted(started(fake)) == sorted(run.key for run in STUDY.plan())
    assert len(seen) == 6
    assert [arm.label for arm in summary.arms] == [
        "normface",
        "arcface margin=0.3",
        "arcface margin=0.5",
    ]
    # 0.70, 0.71 and 0.03, 0.05 above.
    means = [arm.accuracy.mean for arm in summary.arms]
    assert means == pytest.approx([0.705, 0.735, 0.755])
    assert summary.arms[2].difference.mean == pytest.approx(0.05)
    content = json.loads((workdir / "report.json").read_text())
    assert content["num_missing"] == 0
    assert content["study"] == json.loads(json.dumps(STUDY.to_dict()))
    assert content["arms"][1]["accuracies"] == pytest.approx([0.73, 0.74])
    assert "arcface margin=0.5" in (workdir / "report.html").read_text("utf-8")
    assert sorted(item.name for item in workdir.iterdir()) == [
        "logs",
        "report.html",
        "report.json",
        "runs",
    ]


def test_a_study_that_was_killed_does_what_is_missing(fake, tmp_path):
    def kill(run):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        compare_heads(STUDY, tmp_path / "study", on_run=kill)
    (first,) = started(fake)
    assert first == STUDY.plan()[0].key
    before = (tmp_path / "study" / "runs" / f"{first}.json").read_bytes()
    compare_heads(STUDY, tmp_path / "study")
    assert started(fake) == [run.key for run in STUDY.plan()[1:]]
    path = tmp_path / "study" / "runs" / f"{first}.json"
    assert path.read_bytes() == before
    # All are there: nothing is started.
    compare_heads(STUDY, tmp_path / "study")
    assert started(fake) == []


def test_a_changed_study_takes_over_what_it_still_has(fake, tmp_path):
    compare_heads(STUDY, tmp_path)
    started(fake)
    more = dataclasses.replace(STUDY, seeds=(1, 2))
    summary = compare_heads(more, tmp_path)
    assert len(started(fake)) == 3
    assert [run.seed for run in summary.arms[0].runs] == [1, 2]
    longer = dataclasses.replace(STUDY, epochs=STUDY.epochs + 1)
    compare_heads(longer, tmp_path)
    assert len(started(fake)) == 6


def test_failures_are_named_and_the_others_reported(fake, tmp_path):
    (fake / "fails").write_text("0.3")
    with pytest.raises(StudyError) as caught:
        compare_heads(STUDY, tmp_path / "study")
    message = str(caught.value)
    assert message.startswith("2 of 6 runs failed")
    assert "arcface margin=0.3, learning rate 0.1, seed 1" in message
    assert "no room" in message
    content = json.loads((tmp_path / "study" / "report.json").read_text())
    assert content["num_missing"] == 2
    page = tmp_path / "study" / "report.html"
    assert page.read_text() == "2 missing"
    (fake / "fails").unlink()
    started(fake)
    assert len(compare_heads(STUDY, tmp_path / "study").arms) == 3
    assert len(started(fake)) == 2


def test_a_study_whose_baseline_is_not_there_yet_compares_with_none(
    fake, tmp_path
):
    (fake / "fails").write_text("None")
    plan = [dict(STUDY.heads[1]), STUDY.heads[0]]
    study = dataclasses.replace(STUDY, heads=tuple(plan))
    with pytest.raises(StudyError):
        compare_heads(study, tmp_path)
    assert report_study(study, tmp_path).baseline is None


def test_labels_are_those_of_the_study(fake, tmp_path):
    heads = ({"name": "arcface", "scale": 30.0, "margin": 0.3},)
    study = dataclasses.replace(STUDY, heads=heads, baseline=None)
    compare_heads(study, tmp_path)
    (arcface,) = heads
    turned = {name: arcface[name] for name in ("name", "margin", "scale")}
    again = dataclasses.replace(study, heads=(turned,))
    assert read_runs(again, tmp_path)[0].label == "arcface margin=0.3 scale=30"


def test_a_damaged_file_is_named(fake, tmp_path):
    compare_heads(STUDY, tmp_path)
    path = next((tmp_path / "runs").iterdir())
    path.write_text(path.read_text()[:100])
    with pytest.raises(ValueError, match=rf"remove it.*{path.name}"):
        report_study(STUDY, tmp_path)


def test_a_folder_without_runs_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"`workdir` must hold a run.*empty"):
        report_study(STUDY, tmp_path / "empty")


def test_two_studies_do_not_share_a_folder(tmp_path):
    with lock_folder(tmp_path), pytest.raises(FolderInUseError, match="in use"):
        compare_heads(STUDY, tmp_path)


@pytest.mark.parametrize("name", ["processes", "threads"])
def test_counts_are_checked(name, tmp_path):
    with pytest.raises(ValueError, match=f"`{name}`.*at least 1.*0"):
        compare_heads(STUDY, tmp_path, **{name: 0})


def test_all_runs_may_fail_to_learn(fake, tmp_path):
    (fake / "run.json").write_text(json.dumps(failed_run().to_dict()))
    program = (fake / "worker.py").read_text()
    line = next(each for each in program.splitlines() if '"accuracy"' in each)
    (fake / "worker.py").write_text(program.replace(line, ""))
    summary = compare_heads(STUDY, tmp_path)
    assert {arm.worst_outcome for arm in summary.arms} == {"diverged"}
    assert summary.data == ""
