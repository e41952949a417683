import os
import pathlib
import re
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[2]


def fuzz(folder, *flags):
    return subprocess.run(
        [
            *(sys.executable, ROOT / "tools" / "fuzz_readers.py"),
            *(f"--output={folder / 'wrong'}", *flags),
        ],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


@pytest.mark.slow
def test_a_slice_of_damaged_files_hurts_no_reader(tmp_path):
    done = fuzz(tmp_path, "--cases=25", "--seed=1")
    assert done.returncode == 0, done.stdout + done.stderr
    rows = re.findall(r"\| ([\w ]+) \| (\d+.*) \| 0 \|", done.stdout)
    assert len(rows) == 25
    for name, counts in rows:
        counts = [int(count) for count in counts.split(" | ")]
        assert sum(counts) == 25, name
        assert counts[0] + counts[1] > 2, name  # changes that are seen
    assert "0 wrong, in " in done.stdout
