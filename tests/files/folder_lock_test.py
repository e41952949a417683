"""Locks of the system are between open files, so one process can show them."""

import json
import os
import pathlib
import signal
import socket
import subprocess
import sys

import pytest

from keras_sphereface.files import FolderInUseError, lock_folder
from keras_sphereface.files.folder_lock import LOCK_NAME

ROOT = pathlib.Path(__file__).parents[2]
HOLD = """
import sys, time
from keras_sphereface.files import lock_folder

with lock_folder(sys.argv[1]):
    print("held", flush=True)
    time.sleep(60)
"""

fcntl = pytest.importorskip("fcntl")


def test_the_second_is_refused_and_told_who_is_the_first(tmp_path):
    holder = rf"process {os.getpid()} on {socket.gethostname()}, since 20\d\d-"
    with lock_folder(tmp_path):
        before = (tmp_path / LOCK_NAME).read_text()
        for _ in range(2):  # the refusal of one lets no other in
            with (
                pytest.raises(FolderInUseError, match=holder),
                lock_folder(tmp_path),
            ):
                pass
        assert (tmp_path / LOCK_NAME).read_text() == before
    assert list(tmp_path.iterdir()) == []
    with lock_folder(tmp_path):
        pass


def test_an_error_inside_ends_the_lock(tmp_path):
    with pytest.raises(KeyError), lock_folder(tmp_path):
        raise KeyError
    with lock_folder(tmp_path):
        pass


@pytest.mark.parametrize("content", ["", "[]", "{}", "half of a na"])
def test_a_holder_without_a_name_is_another_process(tmp_path, content):
    with lock_folder(tmp_path):
        (tmp_path / LOCK_NAME).write_text(content)
        with (
            pytest.raises(FolderInUseError, match="by another process"),
            lock_folder(tmp_path),
        ):
            pass


def test_a_file_that_its_holder_has_removed_is_not_a_lock(
    tmp_path, monkeypatch
):
    opened = []

    def opened_before_the_holder_ended(path, *arguments):
        file = os_open(path, *arguments)
        opened.append(file)
        if len(opened) == 1:
            os.unlink(path)
        return file

    os_open = os.open
    monkeypatch.setattr(os, "open", opened_before_the_holder_ended)
    with lock_folder(tmp_path):
        monkeypatch.undo()
        assert len(opened) == 2
        with pytest.raises(FolderInUseError), lock_folder(tmp_path):
            pass


def test_without_locks_of_the_file_system_there_is_a_warning(
    tmp_path, monkeypatch
):
    def not_supported(*_):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(fcntl, "flock", not_supported)
    with (
        pytest.warns(UserWarning, match=r"cannot be locked \(Operation not"),
        lock_folder(tmp_path),
    ):
        pass


def test_the_lock_of_a_killed_process_ends_with_it(tmp_path):
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, tmp_path],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    try:
        assert holder.stdout.readline() == b"held\n"
        with (
            pytest.raises(FolderInUseError, match=f"process {holder.pid} on"),
            lock_folder(tmp_path),
        ):
            pass
        holder.send_signal(signal.SIGKILL)
        holder.communicate(timeout=30)
        with lock_folder(tmp_path):
            name = json.loads((tmp_path / LOCK_NAME).read_text())["process"]
            assert name == os.getpid()
    finally:
        holder.kill()
        holder.communicate()
