import errno
import os
import resource

import pytest

from keras_sphereface.files import GrowingFile


def test_pieces_are_there_at_once_and_after_what_was_there(tmp_path):
    path = tmp_path / "log.csv"
    path.write_bytes(b"older\n")
    with GrowingFile(path) as log:
        log.append(b"one\n")
        assert path.read_bytes() == b"older\none\n"
        log.append(memoryview(b"two\n"))
        log.bring_to_disk()
    assert path.read_bytes() == b"older\none\ntwo\n"


def test_it_may_be_cut_off_and_grow_again(tmp_path):
    with GrowingFile(tmp_path / "rows") as rows:
        rows.append(b"12345")
        rows.truncate(2)
        rows.append(b"6")
    assert (tmp_path / "rows").read_bytes() == b"126"


def test_a_piece_that_does_not_fit_is_taken_back_and_named(tmp_path):
    path = tmp_path / "log.csv"
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with GrowingFile(path) as log:
        log.append(b"x" * 80)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
        try:
            with pytest.raises(OSError, match=r"log\.csv") as caught:
                log.append(b"y" * 80)  # of which the file system takes 20
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert caught.value.errno == errno.EFBIG
        assert os.path.getsize(path) == 80
        log.append(b"y" * 80)
    assert path.read_bytes() == b"x" * 80 + b"y" * 80
