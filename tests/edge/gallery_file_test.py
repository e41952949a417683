import hashlib
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from galleries import MODEL, random_gallery

from keras_sphereface.edge import Gallery, GalleryError

ROOT = pathlib.Path(__file__).parents[2]
# Saves ever larger galleries over one another; the crops of "Ann" count them.
PROGRAM = """
import os, sys, time
import numpy as np
from galleries import MODEL
from keras_sphereface.edge import Gallery

stop_at, path = sys.argv[1:]
gallery = Gallery(MODEL)
gallery.enrol([f"person {n}" for n in range(5000)], np.ones((5000, 8)))
if stop_at == "the name":
    fsync = os.fsync
    def pause(descriptor):
        fsync(descriptor)
        if gallery.num_crops > 5001:
            print("whole, unnamed", flush=True)
            time.sleep(60)
    os.fsync = pause
while True:
    gallery.enrol("Ann", np.ones(8))
    gallery.save(path)
    print(gallery.num_crops, flush=True)
"""


@pytest.fixture
def saved(tmp_path):
    """A gallery of 12 crops in a file."""
    generator = np.random.default_rng(0)
    gallery, _ = random_gallery(generator, num_people=5, num_crops=12)
    gallery.enrol("Zoë 中 😀", np.ones(8))
    gallery.save(tmp_path / "people.gallery")
    return gallery, tmp_path / "people.gallery"


def rewrite_header(content, **changes):
    """The file with another header, and a checksum that fits."""
    length = int.from_bytes(content[8:16], "little")
    header = json.loads(content[16 : 16 + length])
    text = json.dumps({**header, **changes}).encode()
    content = (
        content[:8]
        + len(text).to_bytes(8, "little")
        + text
        + content[16 + length : -32]
    )
    return content + hashlib.sha256(content).digest()


def test_a_gallery_comes_back(saved):
    gallery, path = saved
    loaded = Gallery.load(str(path))
    assert loaded.names == gallery.names
    assert loaded.num_crops == gallery.num_crops == 13
    assert loaded.model == MODEL
    probes = np.random.default_rng(1).standard_normal((7, 8))
    found, expected = loaded.search(probes, k=6), gallery.search(probes, k=6)
    assert found.names == expected.names
    np.testing.assert_array_equal(found.scores, expected.scores)
    loaded.enrol("new", np.ones(8))
    assert loaded.num_crops == 14


def test_the_same_gallery_is_the_same_file(saved):
    gallery, path = saved
    again = path.with_name("again.gallery")
    Gallery.load(path).save(again)
    assert again.read_bytes() == path.read_bytes()
    gallery.enrol("passing", np.ones((3, 8)))
    gallery.remove("passing")
    gallery.save(again)
    assert again.read_bytes() == path.read_bytes()


@pytest.mark.parametrize(("dtype", "size"), [("float16", 2), ("int8", 1)])
def test_smaller_types_come_back_as_they_are(saved, dtype, size):
    gallery, path = saved
    names, counts, vectors = gallery.to_arrays()
    small = Gallery(MODEL, dtype=dtype)
    small.enrol(np.repeat(names, counts), vectors)
    small.save(path)
    content = path.read_bytes()
    length = int.from_bytes(content[8:16], "little")
    header = json.loads(content[16 : 16 + length])
    assert (header["format_version"], header["dtype"]) == (2, dtype)
    assert len(content) == 16 + length + 13 * (4 + 8 * size) + 32
    loaded = Gallery.load(path)
    assert loaded.dtype == dtype
    probes = np.random.default_rng(1).standard_normal((7, 8))
    found, expected = loaded.search(probes, k=6), small.search(probes, k=6)
    assert found.names == expected.names
    np.testing.assert_array_equal(found.scores, expected.scores)
    again = path.with_name("again.gallery")
    loaded.save(again)
    assert again.read_bytes() == content
    for end in (len(content) - 33, len(content) - 1):
        path.write_bytes(content[:end])
        with pytest.raises(GalleryError, match="cut off"):
            Gallery.load(path)


@pytest.mark.parametrize(
    ("dtype", "values", "wrong"),
    [
        ("float16", "<f2", [np.nan, np.inf, 6e4, 0, 1.01]),
        ("int8", "i1", [0, 100, -128]),
    ],
)
def test_a_row_that_no_gallery_writes_is_refused(
    tmp_path, dtype, values, wrong
):
    path = tmp_path / "people.gallery"
    gallery = Gallery(MODEL, dtype=dtype)
    gallery.enrol([*"abc"], np.eye(8)[:3])
    gallery.save(path)
    content = path.read_bytes()
    size = 3 * 8 * np.dtype(values).itemsize
    for value in wrong:
        rows = np.frombuffer(content[-32 - size : -32], values).reshape(3, 8)
        rows = rows.copy()
        rows[1, 1] = value
        body = content[: -32 - size] + rows.tobytes()
        path.write_bytes(body + hashlib.sha256(body).digest())
        with pytest.raises(GalleryError, match=r"norm 1.*crop 1, of 'b'"):
            Gallery.load(path)


@pytest.mark.parametrize("dtype", ["float64", "float32", None, ["int8"], {}])
def test_a_file_of_version_two_has_a_type_of_it(tmp_path, dtype):
    path = tmp_path / "people.gallery"
    gallery = Gallery(MODEL, dtype="int8")
    gallery.enrol([*"abc"], np.eye(8)[:3])
    gallery.save(path)
    path.write_bytes(rewrite_header(path.read_bytes(), dtype=dtype))
    with pytest.raises(GalleryError, match=r"does not describe|should have"):
        Gallery.load(path)


def test_an_empty_gallery_is_saved_too(tmp_path):
    Gallery(MODEL).save(tmp_path / "new" / "people.gallery")
    assert len(Gallery.load(tmp_path / "new" / "people.gallery")) == 0


def test_many_blocks_are_saved(tmp_path):
    generator = np.random.default_rng(0)
    gallery = Gallery(MODEL)
    names = [f"person {n}" for n in range(9000)]
    gallery.enrol(names, generator.standard_normal((9000, 8)))
    gallery.remove("person 4500")
    gallery.save(tmp_path / "people.gallery")
    loaded = Gallery.load(tmp_path / "people.gallery")
    assert loaded.names == gallery.names
    probes = generator.standard_normal((5, 8))
    found, expected = loaded.search(probes, k=9), gallery.search(probes, k=9)
    assert found.names == expected.names


def test_every_truncation_is_an_error(saved):
    _, path = saved
    content = path.read_bytes()
    for length in range(len(content)):
        path.write_bytes(content[:length])
        with pytest.raises(GalleryError, match=r"gallery.*path='.*people"):
            Gallery.load(path)
    path.write_bytes(content + b"\0")
    with pytest.raises(GalleryError, match=r"should have"):
        Gallery.load(path)


def test_every_flipped_byte_is_an_error(saved):
    _, path = saved
    content = path.read_bytes()
    for index in range(len(content)):
        damaged = bytearray(content)
        damaged[index] ^= 1 << index % 8
        path.write_bytes(damaged)
        with pytest.raises(GalleryError, match=r"allery.*path='.*people"):
            Gallery.load(path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format_version": 3}, r"`format_version` must be 1 or 2.* is 3"),
        ({"format_version": 2}, r"does not describe"),
        ({"dtype": "float32"}, r"does not describe"),
        ({"names": ["Ann", "Ann"]}, r"does not describe"),
        ({"names": ["Ann"]}, r"a crop belongs to nobody"),
        ({"names": [*"abcdefghi"]}, r"somebody has no crop"),
        ({"num_crops": -1}, r"does not describe"),
        ({"num_crops": 10**15}, r"cut off"),
        ({"surprise": 1}, r"does not describe"),
        ({"model": {}}, r"has the keys"),
        ({"model": {**MODEL.to_dict(), "checksum": "no"}}, r"`checksum`"),
        (
            {"model": {**MODEL.to_dict(), "embedding_dim": 2**20}},
            r"1048576 dimensions",
        ),
    ],
)
def test_a_header_that_makes_no_sense_is_an_error(saved, changes, message):
    _, path = saved
    path.write_bytes(rewrite_header(path.read_bytes(), **changes))
    with pytest.raises(GalleryError, match=message):
        Gallery.load(path)


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e6, 1e30, 0.0, 1.01])
def test_a_row_that_is_not_of_norm_one_is_refused_for_all_its_checksum(
    saved, value
):
    _, path = saved
    content = path.read_bytes()
    rows = np.frombuffer(content[:-32][-13 * 8 * 4 :], "<f4").reshape(13, 8)
    rows = rows.copy()
    rows[7] *= value  # zero times a row: a row without direction
    body = content[: -32 - rows.nbytes] + rows.tobytes()
    path.write_bytes(body + hashlib.sha256(body).digest())
    with pytest.raises(GalleryError, match=r"norm 1.*crop 7, of 'person \d'"):
        Gallery.load(path)


def test_a_gallery_with_a_key_is_opened_with_it_alone(saved):
    gallery, path = saved
    key = bytes(range(32))
    with pytest.raises(GalleryError, match=r"sealed with another key, or none"):
        Gallery.load(path, key=key)
    gallery.save(path, key=key)
    assert Gallery.load(path, key=key).names == gallery.names
    for other in (None, key[::-1]):
        with pytest.raises(GalleryError, match=r"sealed with another key"):
            Gallery.load(path, key=other)
    # Whoever changes a name cannot make the checksum fit.
    path.write_bytes(rewrite_header(path.read_bytes(), names=[*"abcdef"]))
    assert Gallery.load(path).names  # a plain one it could
    with pytest.raises(GalleryError, match=r"checksum differs"):
        Gallery.load(path, key=key)


def test_other_files_are_refused(tmp_path):
    np.save(tmp_path / "array.npy", np.ones(8))
    with pytest.raises(GalleryError, match=r"be a gallery file.*array\.npy"):
        Gallery.load(tmp_path / "array.npy")
    with pytest.raises(FileNotFoundError, match=r"no gallery file.*nowhere"):
        Gallery.load(tmp_path / "nowhere")


def start_saving(path, stop_at):
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, stop_at, path],
        stdout=subprocess.PIPE,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join(
                [str(ROOT), str(ROOT / "tests" / "support")]
            ),
        },
        text=True,
    )


def test_a_process_killed_before_the_file_has_its_name_loses_nothing(tmp_path):
    path = tmp_path / "people.gallery"
    writer = start_saving(path, stop_at="the name")
    assert writer.stdout.readline() == "5001\n"
    assert writer.stdout.readline() == "whole, unnamed\n"
    writer.send_signal(signal.SIGKILL)
    writer.communicate(timeout=30)
    assert Gallery.load(path).num_crops == 5001
    for leftover in set(tmp_path.iterdir()) - {path}:
        assert re.fullmatch(r"\.people\..*\.partial\.gallery", leftover.name)


@pytest.mark.parametrize("milliseconds", [3, 8, 13, 21, 34])
def test_a_process_killed_anywhere_loses_nothing(tmp_path, milliseconds):
    path = tmp_path / "people.gallery"
    writer = start_saving(path, stop_at="any moment")
    assert writer.stdout.readline() == "5001\n"
    time.sleep(milliseconds / 1000)
    writer.send_signal(signal.SIGKILL)
    said, _ = writer.communicate(timeout=30)
    saved = int(said.split()[-1]) if said else 5001
    # The last save may have ended before it could be told.
    assert Gallery.load(path).num_crops in (saved, saved + 1)
