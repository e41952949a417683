"""The benchmark on tiny faces; its times are nobody's promise."""

import json
import os
import pathlib
import statistics
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[2]
VARIANTS = {
    "bare_memory",
    "recognizer_folder",
    "recognizer_cache",
    "recognizer_memory",
    "head_memory",
    "bare_folder",
    "watched_memory",
    "unguarded_memory",
}


def run(*arguments):
    return subprocess.run(
        [
            sys.executable,
            ROOT / "tools" / "benchmark_fit.py",
            "--backbone=sfnet4",
            "--image_size=16",
            "--embedding_dim=4",
            "--batch_size=4",
            "--steps=2",
            *arguments,
        ],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


@pytest.mark.slow
@pytest.mark.release
def test_times_every_variant_in_every_round(tmp_path):
    done = run("--rounds=2", f"--json={tmp_path / 'fit.json'}")
    assert done.returncode == 0, done.stderr
    report = json.loads((tmp_path / "fit.json").read_text())
    assert set(report["variants"]) == VARIANTS
    assert all(name in done.stdout for name in VARIANTS)
    assert report["config"]["batch_size"] == 4
    assert report["config"]["backbone"] == "sfnet4"
    baseline = report["variants"][report["baseline"]]
    for variant in report["variants"].values():
        assert set(variant) == {"ms", "ratio", "cpu_ms", "cpu_ratio"}
        for unit in ("", "cpu_"):
            times = variant[f"{unit}ms"]
            assert len(times["rounds"]) == 2
            assert min(times["rounds"]) == times["lowest"] > 0
            assert times["median"] == pytest.approx(
                statistics.median(times["rounds"])
            )
            # A ratio compares within a round.
            assert variant[f"{unit}ratio"]["rounds"] == pytest.approx(
                [
                    mine / other
                    for mine, other in zip(
                        times["rounds"],
                        baseline[f"{unit}ms"]["rounds"],
                        strict=True,
                    )
                ]
            )


@pytest.mark.slow
def test_fewer_classes_than_people_are_refused():
    failed = run("--num_classes=63")
    assert failed.returncode != 0
    assert "`--num_classes` must be at least" in failed.stderr
