import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).parents[2]


def test_a_small_gallery_is_measured():
    done = subprocess.run(
        [
            sys.executable,
            ROOT / "tools" / "benchmark_gallery.py",
            "--people=50",
            "--embedding_dim=8",
            "--repeats=2",
        ],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert [line.split("  ")[0] for line in lines] == [
        "draw and enroll 50",
        "search 1, max",
        "search 1, mean",
        "search 16, max",
        "search 16, mean",
        "enroll one",
        "remove one",
        "save",
        "load",
    ]
    assert all("ms; peak memory" in line for line in lines)
