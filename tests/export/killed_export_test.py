"""A process stopped while it writes an artifact."""

import os
import pathlib
import signal
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[2]
# Python sets no handler for Ctrl-C where its parent ignores it, as jobs of a
# shell in the background do.
PROGRAM = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)
from keras_sphereface.files import new_file, new_folder

kind, path = sys.argv[1:]
if kind == "file":
    artifact = new_file(path)
else:
    artifact = new_folder(path, replaces="saved_model.pb")
with artifact as unfinished:
    half = unfinished if kind == "file" else unfinished / "saved_model.pb"
    half.write_bytes(b"half")
    print("half written", flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize("kind", ["file", "folder"])
@pytest.mark.parametrize("older", [False, True])
@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGKILL])
def test_nothing_half_written_stands_under_the_final_name(
    tmp_path, kind, older, stop
):
    path = tmp_path / "artifact"
    content = path if kind == "file" else path / "saved_model.pb"
    if older:
        content.parent.mkdir(exist_ok=True)
        content.write_bytes(b"older")
    writer = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, kind, path],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    try:
        assert writer.stdout.readline() == b"half written\n"
        writer.send_signal(stop)
        writer.communicate(timeout=30)
    finally:
        writer.kill()
        writer.communicate()
    assert writer.returncode != 0
    assert path.exists() == older
    if older:
        assert content.read_bytes() == b"older"
    leftovers = {entry.name for entry in tmp_path.iterdir()} - {"artifact"}
    if stop == signal.SIGINT:
        assert not leftovers
    else:
        assert all(".partial" in name for name in leftovers)
