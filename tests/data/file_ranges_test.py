import os
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from keras_sphereface.data.file_ranges import FileRanges
from keras_sphereface.files.mapped_files import EXIT_CODE

CONTENTS = [bytes(range(256)) * 20, b"short"]


@pytest.fixture
def files(tmp_path):
    paths = []
    for number, content in enumerate(CONTENTS):
        paths.append(tmp_path / f"{number}.bin")
        paths[-1].write_bytes(content)
    return FileRanges(paths)


# File, offset, length: first and last bytes, ranges across a page, one byte.
RANGES = np.array(
    [(0, 0, 5), (1, 0, 5), (0, 4000, 300), (0, 5119, 1), (1, 4, 1)]
)
EXPECTED = [
    bytes([0, 1, 2, 3, 4]),
    b"short",
    CONTENTS[0][4000:4300],
    b"\xff",
    b"t",
]


def test_ranges_are_read_in_python(files):
    assert [files.read(*one) for one in RANGES.tolist()] == EXPECTED


def test_ranges_are_read_eagerly_and_in_a_pipeline(files):
    read = files.reader(*RANGES.T)
    assert [read(tf.constant(i)).numpy() for i in range(5)] == EXPECTED
    dataset = tf.data.Dataset.range(5).map(read)
    assert list(dataset.as_numpy_iterator()) == EXPECTED


def test_a_pipeline_outlives_what_made_it(tmp_path):
    (tmp_path / "a.bin").write_bytes(b"abcdef")
    read = FileRanges([tmp_path / "a.bin"]).reader([0], [2], [3])
    dataset = tf.data.Dataset.range(1).map(read)
    assert list(dataset.as_numpy_iterator()) == [b"cde"]


def test_a_file_is_a_sequence_of_bytes(files):
    content = files.content(0)
    assert len(content) == len(CONTENTS[0])
    assert content[250:260] == CONTENTS[0][250:260]
    assert content[5115:5200] == CONTENTS[0][5115:]
    assert content[7:3] == b""


def test_a_file_that_shrinks_is_an_error_with_its_name(files):
    os.truncate(files.paths[0], 100)
    with pytest.raises(OSError, match=r"fewer than the 5120 bytes.*0\.bin"):
        files.read(0, 4000, 300)
    with pytest.raises(OSError, match=r"0\.bin"):
        files.content(0)[4000:4300]
    assert files.read(0, 0, 5) == EXPECTED[0]
    with pytest.raises(OSError, match=r"fewer than.*0\.bin"):
        files.reader(*RANGES.T)
    assert files.read(1, 0, 5) == b"short"


def test_an_empty_file_is_named(tmp_path):
    (tmp_path / "empty.rec").touch()
    with pytest.raises(ValueError, match=r"empty\. Received: .*empty\.rec"):
        FileRanges([tmp_path / "empty.rec"])


GRAPH = """
import os, sys
import tensorflow as tf
from keras_sphereface.data.file_ranges import FileRanges

path = sys.argv[1]
files = FileRanges([path])
read = files.reader([0, 0], [0, 100_000], [10, 10])
data = tf.data.Dataset.from_tensor_slices([0, 0, 0, 1]).map(read).prefetch(1)
os.truncate(path, 5000)
for part in data:
    assert part.numpy() == bytes(10)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="of Linux")
def test_a_graph_that_reads_what_was_cut_off_ends_with_the_name(tmp_path):
    path = tmp_path / "train.rec"
    path.write_bytes(bytes(2**20))
    done = subprocess.run(
        [sys.executable, "-c", GRAPH, path], capture_output=True, text=True
    )
    assert done.returncode == EXIT_CODE, done.stderr
    assert f"OSError: {path} has become smaller" in done.stderr
