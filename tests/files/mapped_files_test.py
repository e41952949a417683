"""A file that shrinks in memory ends a process, each in one of its own."""

import signal
import subprocess
import sys

import pytest

from keras_sphereface.files.mapped_files import EXIT_CODE

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="of Linux")

START = """
import gc, mmap, os, signal, sys, threading
import numpy as np
from keras_sphereface.files.mapped_files import name_when_cut

def mapped(path):
    with open(path, "wb") as file:
        file.write(bytes(range(250)) * 100)
    content = np.memmap(path, mode="r")
    name_when_cut(content, path)
    return content

path, other = sys.argv[1:]
content = mapped(path)
assert content[:3].tolist() == [0, 1, 2]
os.truncate(path, 5000)
assert content[4999] == 249
"""


def run(tmp_path, program):
    paths = [str(tmp_path / name) for name in ("train.rec", "other.rec")]
    return subprocess.run(
        [sys.executable, "-c", START + program, *paths],
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize(
    "program",
    [
        "content[20_000]",
        "content.sum()",
        "threading.Thread(target=content.sum).start()",
        # The newest map is not always the one that is cut.
        "kept = mapped(other); content.sum()",
    ],
)
def test_a_file_that_is_cut_off_is_named(tmp_path, program):
    done = run(tmp_path, program)
    assert done.returncode == EXIT_CODE
    assert done.stderr.strip() == (
        f"OSError: {tmp_path / 'train.rec'} has become smaller while it was "
        "read; restore it, and start again."
    )


@pytest.mark.parametrize(
    "program",
    [
        "os.kill(os.getpid(), signal.SIGBUS)",
        # Somebody else's map, and one of ours that is gone.
        """
content = mapped(other)
gc.collect()
with open(path, "rb") as file:
    foreign = mmap.mmap(file.fileno(), 5000, access=mmap.ACCESS_READ)
os.truncate(path, 1)
foreign[4999]
""",
    ],
)
def test_what_is_not_ours_ends_as_it_would(tmp_path, program):
    done = run(tmp_path, program)
    assert done.returncode == -signal.SIGBUS
    assert done.stderr == ""


def test_a_handler_of_others_stays(tmp_path):
    done = run(
        tmp_path,
        """
signal.signal(signal.SIGBUS, signal.SIG_DFL)
import faulthandler
faulthandler.enable()
kept = mapped(other)
content.sum()
""",
    )
    assert done.returncode == -signal.SIGBUS
    assert "Bus error" in done.stderr
