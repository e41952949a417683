import importlib.util
import os
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[2]


def measure(*flags):
    done = subprocess.run(
        [
            *(sys.executable, ROOT / "tools" / "benchmark_gallery.py"),
            *("--people=300", "--embedding_dim=8", "--repeats=2", *flags),
        ],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr
    return [line.split("  ")[0] for line in done.stdout.splitlines()], done


def test_small_galleries_are_measured_beside_numpy():
    titles, done = measure("--libraries=")
    kinds = [f"gallery {name}" for name in ("float32", "float16", "int8")]
    contestants = ["NumPy float32", *kinds]
    assert titles[1:5] == contestants
    assert titles[7:11] == contestants
    rows = done.stdout.splitlines()
    assert all(" MiB" in row for row in rows[1:5])
    assert rows[7].endswith("100.0%")
    assert rows[8].endswith("100.0%")
    for title, dtype in zip(titles[-2:], ("float32", "int8"), strict=True):
        assert title.startswith(f"gallery {dtype}: enroll one")
        assert "load" in title


@pytest.mark.parametrize("library", ["faiss", "usearch"])
def test_libraries_are_measured_or_said_to_be_missing(library):
    titles, _ = measure(f"--libraries={library}")
    if importlib.util.find_spec(library) is None:
        assert f"{library} is not installed" in titles
        pytest.skip(f"{library} is not installed, it is in the extra `search`")
    assert titles.count(f"+ index of {library}") == 2
