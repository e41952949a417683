"""tools/kill_campaign.py, with few kills of two kinds of runs."""

import os
import pathlib
import subprocess
import sys

import pytest
from replicas import on_tensorflow

ROOT = pathlib.Path(__file__).parents[2]


@on_tensorflow
@pytest.mark.slow
def test_ten_kills_at_random_moments_lose_nothing():
    result = subprocess.run(
        [
            sys.executable,
            ROOT / "tools" / "kill_campaign.py",
            "--kills=10",
            "--cases=ema,accumulation",
        ],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout.endswith("10 kills, 0 failures\n")
    # Each kind of run has ended at least once, and was compared.
    assert result.stdout.count("as if nothing had happened") >= 2
