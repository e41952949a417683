import numpy as np
import pytest
import tensorflow as tf

from keras_sphereface.data.mapped_files import MappedFiles

CONTENTS = [bytes(range(256)) * 20, b"short"]


@pytest.fixture
def files(tmp_path):
    paths = []
    for number, content in enumerate(CONTENTS):
        paths.append(tmp_path / f"{number}.bin")
        paths[-1].write_bytes(content)
    return MappedFiles(paths)


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
    read = MappedFiles([tmp_path / "a.bin"]).reader([0], [2], [3])
    dataset = tf.data.Dataset.range(1).map(read)
    assert list(dataset.as_numpy_iterator()) == [b"cde"]


def test_a_file_is_an_array_that_cannot_be_written(files):
    array = files.array(1)
    assert array.tobytes() == b"short"
    assert not array.flags.writeable


def test_an_empty_file_is_named(tmp_path):
    (tmp_path / "empty.rec").touch()
    with pytest.raises(ValueError, match=r"empty\. Received: .*empty\.rec"):
        MappedFiles([tmp_path / "empty.rec"])
