import pathlib
import re
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[2]


@pytest.mark.slow
def test_a_margin_of_ones_own_trains_three_ways():
    result = subprocess.run(
        [sys.executable, ROOT / "examples" / "custom_margin.py"],
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr[-2000:]
    lines = result.stdout.splitlines()
    names = ["TargetMarginHead", "EasingHead", "MarginLoss"]
    assert [line.split(":")[0] for line in lines] == names
    for line in lines:
        losses = [float(x) for x in re.findall(r"[\d.]+", line.split("[")[1])]
        assert losses[-1] < 0.8 * losses[0]
