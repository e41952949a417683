import os
import pathlib
import subprocess
import sys

import pytest
from PIL import Image

ROOT = pathlib.Path(__file__).parents[2]


def run(*flags):
    return subprocess.run(
        [sys.executable, ROOT / "tools" / "plot_sphere.py", *flags],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


@pytest.mark.slow
def test_trains_and_draws_a_circle_for_each_head(tmp_path):
    path = tmp_path / "sphere.png"
    result = run(
        "--heads=arcface,subcenter_arcface",
        "--identities=3",
        "--images=4",
        "--epochs=1",
        "--head_epochs=1",
        f"--output={path}",
    )
    assert result.returncode == 0, result.stderr[-2000:]
    assert "SubCenterArcFaceHead is trained" in result.stderr
    with Image.open(path) as picture:
        assert picture.size == (1120, 752)  # two panels in a row


@pytest.mark.slow
def test_an_unknown_head_is_named():
    result = run("--heads=arface", "--images=1", "--epochs=1")
    assert result.returncode != 0
    assert "'arface'" in result.stderr
