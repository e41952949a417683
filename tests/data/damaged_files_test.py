"""Files with bits flipped and ends cut off, in every format.

Each case must end in an error of ours, in a warning, in the same content, or
in a picture with other pixels, which a format without checksums cannot tell.
"""

import pickle
import resource
import warnings

import numpy as np
import pytest
from image_bombs import png_of
from record_files import encoded, write_records

from keras_sphereface.data import (
    ImageFolder,
    RecordDataset,
    TFRecordFolder,
    training_dataset,
    write_tfrecords,
)
from keras_sphereface.pairs import PairSet

LABELS = [0, 0, 1, 1, 2, 2]
IMAGES = [
    encoded(seed, "PNG" if seed == 3 else "JPEG") for seed in range(len(LABELS))
]
SIZE = {"image_size": (16, 12)}
# tools/fuzz_readers.py has thousands.
NUM_CASES, NUM_SLOW_CASES = 40, 400


def write_rec(folder):
    write_records(folder, IMAGES, LABELS)
    return "train.rec"


def write_idx(folder):
    write_records(folder, IMAGES, LABELS)
    return "train.idx"


def write_rec_alone(folder):
    write_records(folder, IMAGES, LABELS)
    (folder / "train.idx").unlink()
    return "train.rec"


def write_property(folder):
    write_records(folder, IMAGES, LABELS)
    return "property"


def write_folder(folder):
    for number, (image, label) in enumerate(zip(IMAGES, LABELS, strict=True)):
        path = folder / str(label) / f"{number}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(image)
    return "1/3.jpg"


def write_folder_jpeg(folder):
    write_folder(folder)
    return "1/2.jpg"


def write_shards(folder):
    source = folder.parent / "source"
    write_folder(source)
    write_tfrecords(ImageFolder(source, **SIZE), folder, images_per_shard=4)
    return "faces-00001-of-00002.tfrecord"


def write_shard_index(folder):
    write_shards(folder)
    return "faces-00001-of-00002.index.npy"


def write_manifest(folder):
    write_shards(folder)
    return "manifest.json"


def write_bin(folder, protocol=4):
    folder.mkdir()
    pairs = (IMAGES, [True, False, True])
    (folder / "x.bin").write_bytes(pickle.dumps(pairs, protocol))
    return "x.bin"


def write_bin_of_python_2(folder):
    write_bin(folder)
    head = b"\x80\x02]q\x01("
    images = b"".join(
        b"T" + len(i).to_bytes(4, "little") + i + b"q\x02" for i in IMAGES
    )
    content = head + images + b"e]q\x04(\x88\x89\x88e\x86q\x05."
    (folder / "x.bin").write_bytes(content)
    return "x.bin"


def write_csv(folder):
    write_folder(folder)
    rows = ["0/0.jpg,0/1.jpg,1", "0/0.jpg,1/2.jpg,0", "1/2.jpg,1/3.jpg,1"]
    text = "\n".join(["image_a,image_b,is_same", *rows])
    (folder / "pairs.csv").write_text(text)
    return "pairs.csv"


def read_records(folder):
    return list(RecordDataset(folder))


def read_folder(folder):
    return list(ImageFolder(folder, **SIZE))


def read_shards(folder):
    return list(TFRecordFolder(folder))


def read_pairs(folder):
    path = next(iter([*folder.glob("*.bin"), *folder.glob("*.csv")]))
    pairs = PairSet.from_file(path)
    images = np.concatenate(list(pairs.batches()))
    return [
        (images[a].tobytes(), images[b].tobytes(), bool(same))
        for a, b, same in zip(
            pairs.index_a, pairs.index_b, pairs.is_same, strict=True
        )
    ]


FORMATS = {
    "rec": (write_rec, read_records),
    "rec without idx": (write_rec_alone, read_records),
    "idx": (write_idx, read_records),
    "property": (write_property, read_records),
    "png in a folder": (write_folder, read_folder),
    "jpeg in a folder": (write_folder_jpeg, read_folder),
    "tfrecord": (write_shards, read_shards),
    "tfrecord index": (write_shard_index, read_shards),
    "tfrecord manifest": (write_manifest, read_shards),
    "bin": (write_bin, read_pairs),
    "bin of Python 2": (write_bin_of_python_2, read_pairs),
    "csv": (write_csv, read_pairs),
}
# Nothing but their own checksums could tell a change inside of these.
CHECKED = {"tfrecord", "tfrecord index", "tfrecord manifest"}


def damage(content, rng):
    """Cuts an end off, or flips one bit or a few."""
    content = bytearray(content)
    if rng.random() < 0.3:
        return bytes(content[: rng.integers(0, len(content))])
    for _ in range(rng.choice([1, 1, 1, 4, 30])):
        content[rng.integers(0, len(content))] ^= 1 << rng.integers(0, 8)
    return bytes(content)


def outcome_of(read, folder):
    """`(kind, what was read)` of one damaged file."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        content = None
        try:
            content = read(folder)
        except (ValueError, FileNotFoundError) as error:
            message = str(error)
    if content is None:
        assert len(message) > 20  # it says something
        return "error", None
    if caught:
        assert all(w.category is UserWarning for w in caught)
        return "warning", content
    return "read", content


def check_damages(tmp_path, name, num_cases):
    write, read = FORMATS[name]
    folder = tmp_path / "files"
    path = folder / write(folder)
    original = path.read_bytes()
    _, expected = outcome_of(read, folder)
    rng = np.random.default_rng(sum(name.encode()))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    kinds = {"error": 0, "warning": 0, "read": 0}
    for _ in range(num_cases):
        damaged = damage(original, rng)
        path.write_bytes(damaged)
        kind, content = outcome_of(read, folder)
        kinds[kind] += 1
        if kind == "read" and content != expected:
            assert name not in CHECKED
            # The same number of things, none lost in silence; but a text that
            # ends at a line looks whole.
            assert len(content) == len(expected) or name == "csv"
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 400_000  # kilobytes, TensorFlow's own among them
    assert kinds["error"] + kinds["warning"] > num_cases / 20
    if name in CHECKED:
        assert kinds["warning"] == 0
    return kinds


@pytest.mark.parametrize("name", FORMATS)
def test_a_damaged_file_is_an_error_or_a_counted_warning(tmp_path, name):
    check_damages(tmp_path, name, NUM_CASES)


@pytest.mark.slow
@pytest.mark.parametrize("name", FORMATS)
def test_hundreds_of_damaged_files_end_well(tmp_path, name):
    kinds = check_damages(tmp_path, name, NUM_SLOW_CASES)
    assert sum(kinds.values()) == NUM_SLOW_CASES


def test_a_picture_too_large_to_be_a_face_is_not_decoded(tmp_path):
    # A PNG of 30,000 x 30,000 pixels would take 2.7 GB.
    write_records(tmp_path, [IMAGES[0], png_of(30_000, 30_000)], [0, 0])
    with pytest.warns(UserWarning, match="30000x30000 pixels is too large"):
        faces = RecordDataset(tmp_path)
    assert len(list(training_dataset(faces, 1))) == 1
