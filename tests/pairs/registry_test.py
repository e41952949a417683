import numpy as np
import pytest

from keras_sphereface import pairs
from keras_sphereface.contract.registry import Registry


@pytest.fixture(autouse=True)
def _registry_of_one_test(monkeypatch):
    ours = pairs.registry
    copy = Registry("pair format")
    for suffix in pairs.names():
        copy.register(suffix, ours.reader_of(f"pairs{suffix}"))
    monkeypatch.setattr(ours, "_FORMATS", copy)
    monkeypatch.setattr(ours, "_HAVE_IMAGES", set(ours._HAVE_IMAGES))


def read_lines(path, root):
    """Lines of two image names and a word."""
    rows = [line.split() for line in path.read_text().splitlines()]
    return {
        "images": [f"{root}/{name}" for row in rows for name in row[:2]],
        "index_a": np.arange(0, 2 * len(rows), 2),
        "index_b": np.arange(1, 2 * len(rows), 2),
        "is_same": np.array([row[2] == "same" for row in rows]),
        "folds": np.arange(len(rows)) % 2,
    }


def test_ours_are_those_with_a_suffix_of_their_own():
    assert pairs.names() == [".bin", ".csv", ".mat"]


def test_a_format_of_the_user_is_read_by_its_suffix(tmp_path):
    path = tmp_path / "pairs.lines"
    path.write_text("a.jpg b.jpg same\nc.jpg d.jpg other\n")
    pairs.register(".lines", read_lines)
    found = pairs.PairSet.from_file(path, "photos")
    assert found.images[0] == "photos/a.jpg"
    assert found.is_same.tolist() == [True, False]
    with pytest.raises(ValueError, match="`root` must be the folder"):
        pairs.PairSet.from_file(path)


def test_a_format_with_its_images_needs_no_folder(tmp_path):
    path = tmp_path / "pairs.lines"
    path.write_text("a.jpg b.jpg same\nc.jpg d.jpg other\n")

    @pairs.register(".lines", has_images=True)
    def read(path, root):
        assert root is None
        return read_lines(path, path.parent)

    assert pairs.has_own_images(path)
    assert len(pairs.PairSet.from_file(path)) == 2


@pytest.mark.parametrize(
    ("suffix", "message"),
    [
        ("lines", r"`suffix` must be the end.*'lines'"),
        (".csv", r"another pair format.*'\.csv'"),
    ],
)
def test_a_wrong_suffix_is_refused(suffix, message):
    with pytest.raises(ValueError, match=message):
        pairs.register(suffix, read_lines)
