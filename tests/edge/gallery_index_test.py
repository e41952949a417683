"""Search through a library against the exact one."""

import importlib.util
import os
import subprocess
import sys
import threading

import numpy as np
import pytest
from galleries import MODEL, random_gallery

from keras_sphereface.edge import Gallery, GalleryIndex
from keras_sphereface.edge.vector_libraries import LIBRARIES

INSTALLED = [
    pytest.param(
        name,
        marks=pytest.mark.skipif(
            importlib.util.find_spec(name) is None,
            reason=f"{name} is not installed, it is in the extra `search`",
        ),
    )
    for name in LIBRARIES
]


def scan(blocks, dim):
    """A library of NumPy, which proposes whom it should."""
    vectors = np.concatenate([np.empty((0, dim)), *blocks])
    return lambda probes, count: np.argsort(-probes @ vectors.T)[:, :count]


def no_more(blocks, dim):
    """One that proposes the first row only, and then has no more."""
    del blocks, dim
    return lambda probes, count: np.array(
        [[0] + [-1] * (count - 1)] * len(probes)
    )


@pytest.fixture
def _scanned(monkeypatch):
    monkeypatch.setitem(LIBRARIES, "faiss", scan)


def assert_same(found, expected, atol=1e-6):
    assert found.names == expected.names
    np.testing.assert_allclose(found.scores, expected.scores, atol=atol)
    assert found.comparisons == expected.comparisons


@pytest.mark.parametrize("library", INSTALLED)
@pytest.mark.parametrize("dtype", ["float32", "float16", "int8"])
@pytest.mark.parametrize("num_probes", [1, 9])
def test_libraries_find_whom_the_gallery_finds(library, dtype, num_probes):
    generator = np.random.default_rng(0)
    exact, _ = random_gallery(generator, num_people=300, num_crops=900)
    names, counts, vectors = exact.to_arrays()
    gallery = Gallery(MODEL, dtype=dtype)
    gallery.enrol(np.repeat(names, counts), vectors)
    index = GalleryIndex(gallery, library)
    probes = generator.standard_normal((num_probes, 8))
    assert_same(index.search(probes, k=3), gallery.search(probes, k=3))
    # With one candidate none is missed, or the exact search is asked.
    found = GalleryIndex(gallery, library, candidates=1).search(probes, k=2)
    assert [len(row) for row in found.names] == [2] * num_probes


@pytest.mark.parametrize("library", INSTALLED)
def test_recall_and_exact_scores_in_a_larger_gallery(library):
    """Recall of 20,000 random vectors, the hardest there are."""
    generator = np.random.default_rng(0)
    gallery = Gallery(MODEL)
    vectors = generator.standard_normal((20_000, 8))
    gallery.enrol([f"person {n}" for n in range(20_000)], vectors)
    probes = generator.standard_normal((100, 8))
    found = GalleryIndex(gallery, library).search(probes)
    expected = gallery.search(probes)
    hits = np.equal(found.names, expected.names)[:, 0]
    assert hits.mean() >= 0.98
    np.testing.assert_allclose(
        found.scores[hits], expected.scores[hits], atol=1e-6
    )


@pytest.mark.usefixtures("_scanned")
def test_who_came_or_went_later_is_found_or_not():
    generator = np.random.default_rng(0)
    gallery, _ = random_gallery(generator, num_people=30, num_crops=90)
    index = GalleryIndex(gallery, candidates=5)
    probes = generator.standard_normal((9, 8))
    assert_same(index.search(probes, k=3), gallery.search(probes, k=3))
    gallery.enrol("late", probes[0])
    best = index.search(probes, k=1).names[1][0]
    gallery.remove(best)
    found = index.search(probes, k=3)
    assert_same(found, gallery.search(probes, k=3))
    assert found.names[0][0] == "late"
    assert best not in {name for row in found.names for name in row}
    gallery.enrol(best, probes[1])
    assert index.search(probes[1]).names == [[best]]
    index.refresh()
    assert_same(index.search(probes, k=3), gallery.search(probes, k=3))


@pytest.mark.usefixtures("_scanned")
def test_rows_that_moved_are_searched_exactly():
    gallery = Gallery(MODEL)
    vectors = np.random.default_rng(0).standard_normal((9000, 8))
    gallery.enrol(["Ann"] * 5000 + [*map(str, range(4000))], vectors)
    index = GalleryIndex(gallery)
    gallery.remove("Ann")  # more than are left
    assert index._built.generation != gallery.snapshot().generation
    assert index.search(vectors[8000]).names == [["3000"]]


def test_few_candidates_are_no_few_people(monkeypatch):
    monkeypatch.setitem(LIBRARIES, "faiss", no_more)
    generator = np.random.default_rng(0)
    gallery, _ = random_gallery(generator, num_people=7, num_crops=20)
    probes = generator.standard_normal((3, 8))
    found = GalleryIndex(gallery).search(probes, k=4)
    assert_same(found, gallery.search(probes, k=4))
    found = GalleryIndex(gallery).search(probes, k=99)
    assert_same(found, gallery.search(probes, k=99))


@pytest.mark.usefixtures("_scanned")
def test_an_empty_gallery_has_an_index():
    gallery = Gallery(MODEL)
    index = GalleryIndex(gallery)
    assert index.search(np.ones((2, 8)), k=3).names == [[], []]
    gallery.enrol("Ann", np.ones(8))
    assert index.search(np.ones(8), k=3).names == [["Ann"]]
    gallery.remove("Ann")
    index.refresh()
    found = index.search(np.ones(8), k=3)
    assert (found.names, found.comparisons) == ([[]], 0)


@pytest.mark.parametrize("library", INSTALLED)
def test_threads_share_an_index_of_a_gallery_that_changes(library):
    generator = np.random.default_rng(0)
    gallery, _ = random_gallery(generator, num_people=200, num_crops=600)
    index = GalleryIndex(gallery, library)
    probes = generator.standard_normal((40, 8))
    expected = gallery.search(probes)
    wrong = []

    def search():
        for _ in range(20):
            found = index.search(probes)
            scores = np.abs(found.scores - expected.scores).max()
            if found.names != expected.names or scores > 1e-6:
                wrong.append(found)

    threads = [threading.Thread(target=search) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(3):
        index.refresh()
    for thread in threads:
        thread.join()
    assert not wrong


@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
@pytest.mark.parametrize("library", INSTALLED)
def test_a_forked_process_searches_exactly(library):
    generator = np.random.default_rng(0)
    gallery, _ = random_gallery(generator, num_people=20, num_crops=60)
    index = GalleryIndex(gallery, library)
    probes = generator.standard_normal((9, 8))
    expected = gallery.search(probes).names
    child = os.fork()
    if child == 0:
        same = index.search(probes).names == expected
        try:
            index.refresh()
        except RuntimeError as error:
            same = same and "forked" in str(error)
        else:
            same = False
        os._exit(0 if same else 1)
    assert os.waitpid(child, 0)[1] == 0


def test_a_missing_library_names_the_extra():
    program = (
        "import sys\n"
        "sys.modules.update(usearch=None, faiss=None)\n"
        "from galleries import MODEL\n"
        "from keras_sphereface.edge import Gallery, GalleryIndex\n"
        "for name in ('usearch', 'faiss'):\n"
        "    try:\n"
        "        GalleryIndex(Gallery(MODEL), name)\n"
        "    except ImportError as error:\n"
        "        print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    lines = done.stdout.splitlines()
    assert len(lines) == 2, done.stderr
    for name, line in zip(("usearch", "faiss"), lines, strict=True):
        assert f"through {name} where" in line
        assert "keras-sphereface[search]" in line


@pytest.mark.usefixtures("_scanned")
def test_wrong_arguments_are_refused():
    gallery = Gallery(MODEL)
    with pytest.raises(ValueError, match=r"`gallery` must be a Gallery"):
        GalleryIndex("people.gallery")
    with pytest.raises(ValueError, match=r"`library`.*'faiss'.*'annoy'"):
        GalleryIndex(gallery, "annoy")
    with pytest.raises(ValueError, match=r"`candidates` must be.*0"):
        GalleryIndex(gallery, candidates=0)
    index = GalleryIndex(gallery)
    with pytest.raises(ValueError, match=r"`k` must be an integer.*k=0"):
        index.search(np.ones(8), k=0)
    with pytest.raises(ValueError, match=r"`embeddings` must be \[8\]"):
        index.search(np.ones(7))
