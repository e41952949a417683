import hashlib
import io

import numpy as np
import pytest

from keras_sphereface.data import listing_cache


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    folder = tmp_path / "cache"
    monkeypatch.setenv("KERAS_SPHEREFACE_CACHE", str(folder))
    return folder


LISTING = {"names": np.uint8([1, 2]), "counts": np.array([3])}


def test_what_was_kept_comes_back_while_the_set_is_the_same():
    listing_cache.write_listing("a", "digest", LISTING)
    found = listing_cache.read_listing("a", "digest")
    assert set(found) == {"names", "counts"}
    np.testing.assert_array_equal(found["names"], [1, 2])
    assert listing_cache.read_listing("a", "another digest") is None
    assert listing_cache.read_listing("b", "digest") is None


def test_a_link_and_its_folder_have_one_listing(tmp_path):
    (tmp_path / "set").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "set")
    listing_cache.write_listing(tmp_path / "set", "digest", LISTING)
    assert listing_cache.read_listing(tmp_path / "link", "digest")


@pytest.mark.parametrize("keep", [0, 1, 40, -1])
def test_a_damaged_listing_is_none(folder, keep):
    listing_cache.write_listing("a", "digest", LISTING)
    (path,) = folder.iterdir()
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.warns(UserWarning, match=r"damaged; the set is searched anew"):
        assert listing_cache.read_listing("a", "digest") is None


def test_of_a_thousand_mutations_none_is_a_listing(folder):
    names = [f"{number}.jpg" for number in range(40)]
    listing = {**LISTING, "names": listing_cache.pack_names(names)}
    listing_cache.write_listing("a", "digest", listing)
    (path,) = folder.iterdir()
    content, rng = path.read_bytes(), np.random.default_rng(0)
    for _ in range(1000):
        mutated = bytearray(content)
        mutated[rng.integers(len(content))] ^= rng.integers(1, 256)
        path.write_bytes(mutated)
        with pytest.warns(UserWarning, match="damaged"):
            assert listing_cache.read_listing("a", "digest") is None
    path.write_bytes(content)
    assert listing_cache.read_listing("a", "digest")


def test_a_listing_that_would_inflate_is_none(folder):
    """Its digest fits, as that of a tampered file may."""
    listing_cache.write_listing("a", "digest", LISTING)
    (path,) = folder.iterdir()
    stream = io.BytesIO()
    names = np.zeros(1_000_000, np.uint8)
    np.savez_compressed(stream, fingerprint=np.array("digest"), names=names)
    content = stream.getvalue()
    path.write_bytes(hashlib.sha256(content).digest() + content)
    assert listing_cache.read_listing("a", "digest") is None


def test_a_place_that_cannot_be_written_is_passed_over(folder):
    folder.write_text("a file where the folder would be")
    listing_cache.write_listing("a", "digest", LISTING)
    assert listing_cache.read_listing("a", "digest") is None


def test_the_place_follows_the_environment(folder, tmp_path, monkeypatch):
    assert listing_cache.cache_folder() == folder
    monkeypatch.delenv("KERAS_SPHEREFACE_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert listing_cache.cache_folder() == tmp_path / "keras_sphereface"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    expected = tmp_path / "home" / ".cache" / "keras_sphereface"
    assert listing_cache.cache_folder() == expected


def test_a_fingerprint_changes_with_any_part():
    digest = listing_cache.fingerprint("a", (1, 2), [3])
    assert digest == listing_cache.fingerprint("a", (1, 2), [3])
    assert len(digest) == 32
    others = [("a", (1, 2), [4]), ("a", (1, 2)), ("a1", 2, [3])]
    for parts in others:
        assert listing_cache.fingerprint(*parts) != digest


@pytest.mark.parametrize(
    "names", [[], ["a"], ["a.jpg", "", "b c"], ["é", "王", "\udcff.png"]]
)
def test_names_in_any_encoding_are_packed_and_come_back(names):
    packed = listing_cache.pack_names(names)
    assert packed.dtype == np.uint8
    assert listing_cache.unpack_names(packed) == names
