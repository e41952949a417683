import threading

import numpy as np
import pytest
from galleries import MODEL, random_gallery, search_by_loop
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_sphereface.edge import Gallery, ModelIdentity, gallery_store


@pytest.fixture(autouse=True, scope="module")
def small_blocks():
    """Blocks of five rows, so that a few crops fill many."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gallery_store, "BLOCK_SIZE", 5)
        yield


def assert_found(matches, probes, rows, k, pooling):
    for index, probe in enumerate(probes):
        expected = search_by_loop(rows, probe, k, pooling)
        assert matches.names[index] == [name for name, _ in expected]
        np.testing.assert_allclose(
            matches.scores[index], [score for _, score in expected], atol=1e-6
        )


@pytest.mark.parametrize("pooling", ["max", "mean"])
@pytest.mark.parametrize("k", [1, 3, 50])
def test_finds_whom_a_loop_over_all_crops_finds(pooling, k):
    generator = np.random.default_rng(0)
    gallery, rows = random_gallery(generator, num_people=20, num_crops=63)
    probes = generator.standard_normal((9, 8))
    matches = gallery.search(probes, k=k, pooling=pooling)
    assert_found(matches, probes, rows, k, pooling)
    people = len({name for name, _ in rows})
    assert matches.scores.shape == (9, min(k, people))
    assert matches.comparisons == (63 if pooling == "max" else people)


@given(
    seed=st.integers(0, 2**32 - 1),
    steps=st.lists(
        st.tuples(st.booleans(), st.integers(0, 5), st.integers(1, 7)),
        min_size=1,
        max_size=25,
    ),
    pooling=st.sampled_from(["max", "mean"]),
)
@settings(max_examples=60, deadline=None)
def test_any_order_of_enrolling_and_removing_gives_what_is_left(
    seed, steps, pooling
):
    generator = np.random.default_rng(seed)
    gallery, rows = Gallery(MODEL), []
    for removes, person, crops in steps:
        name = f"person {person}"
        if removes and name in gallery:
            gallery.remove(name)
            rows = [row for row in rows if row[0] != name]
        else:
            embeddings = generator.standard_normal((crops, 8))
            gallery.enrol(name, embeddings)
            rows += [(name, embedding) for embedding in embeddings]
    assert gallery.num_crops == len(rows)
    assert gallery.names == list(dict.fromkeys(name for name, _ in rows))
    assert len(gallery) == len(gallery.names)
    probes = generator.standard_normal((2, 8))
    matches = gallery.search(probes, k=9, pooling=pooling)
    assert_found(matches, probes, rows, 9, pooling)


# How far a score of eight values may be off.
LOSSES = {"float32": 1e-6, "float16": 1e-3, "int8": 2e-2}


@pytest.mark.parametrize("pooling", ["max", "mean"])
@pytest.mark.parametrize("dtype", ["float16", "int8"])
def test_smaller_types_find_the_same_within_their_rounding(dtype, pooling):
    generator = np.random.default_rng(0)
    exact, rows = random_gallery(generator, num_people=20, num_crops=63)
    for name in exact.names[::3]:
        exact.remove(name)
        rows = [row for row in rows if row[0] != name]
    gallery = Gallery(MODEL, dtype=dtype)
    names, embeddings = zip(*rows, strict=True)
    gallery.enrol(names, embeddings)
    probes = generator.standard_normal((9, 8))
    found = gallery.search(probes, k=4, pooling=pooling)
    for index, probe in enumerate(probes):
        scores = dict(search_by_loop(rows, probe, 99, pooling))
        best = sorted(scores.values(), reverse=True)[:4]
        atol = LOSSES[dtype]
        np.testing.assert_allclose(found.scores[index], best, atol=atol)
        np.testing.assert_allclose(
            found.scores[index],
            [scores[name] for name in found.names[index]],
            atol=atol,
        )
    assert dtype in repr(gallery)


@pytest.mark.parametrize("dtype", LOSSES)
def test_arrays_are_people_with_their_crops(dtype):
    gallery = Gallery(MODEL, dtype=dtype)
    rows = np.random.default_rng(0).standard_normal((14, 8))
    names = [*"abcabdaebfcaab"]
    gallery.enrol(names, rows)
    gallery.remove("b")
    names, counts, vectors = gallery.to_arrays()
    assert names == [*"acdef"]
    assert counts.tolist() == [5, 2, 1, 1, 1]
    assert vectors.dtype == np.float32
    places = [0, 3, 6, 11, 12, 2, 10, 5, 7, 9]
    expected = [row / np.sqrt(sum(row**2)) for row in rows[places]]
    np.testing.assert_allclose(vectors, expected, atol=LOSSES[dtype])
    again = Gallery(MODEL, dtype=dtype)
    again.enrol(np.repeat(names, counts), vectors)
    probes = np.random.default_rng(1).standard_normal((5, 8))
    found, expected = again.search(probes, k=5), gallery.search(probes, k=5)
    assert found.names == expected.names
    # A norm in float16 is off by less than 2^-11.
    np.testing.assert_allclose(found.scores, expected.scores, atol=5e-4)


def test_arrays_of_nobody():
    names, counts, vectors = Gallery(MODEL).to_arrays()
    assert (names, len(counts), vectors.shape) == ([], 0, (0, 8))


def test_somebody_with_all_the_best_crops_hides_nobody():
    """The best crop of every block is of one person."""
    gallery = Gallery(MODEL)
    others = np.tile(np.eye(8)[1], (60, 1))
    others[:, 0] = 0.01 * np.arange(60)
    names = [f"person {n}" if n % 5 else "Ann" for n in range(60)]
    others[::5] = np.eye(8)[0]
    gallery.enrol(names, others)
    found = gallery.search(np.eye(8)[0], k=4)
    assert found.names == [["Ann", "person 59", "person 58", "person 57"]]


def test_a_removed_embedding_is_gone_from_memory():
    gallery = Gallery(MODEL)
    gallery.enrol("Ann", np.eye(8)[0])
    gallery.enrol("Bob", np.eye(8)[1])
    gallery.remove("Ann")
    [(embeddings, _)] = gallery._store.snapshot().blocks
    assert not embeddings[:, 0].any()
    assert "Ann" not in repr(gallery._store.snapshot().names)


def test_removing_gives_memory_back():
    gallery = Gallery(MODEL)
    gallery.enrol([f"person {n}" for n in range(40)], np.ones((40, 8)))
    for index in range(39):
        gallery.remove(f"person {index}")
    blocks = gallery._store.snapshot().blocks
    assert sum(len(owners) for _, owners in blocks) <= 10
    assert gallery.names == ["person 39"]


def test_people_with_equal_scores_come_as_they_were_enrolled():
    gallery = Gallery(MODEL)
    names = ["Cid", "Ann", "Bob", "Dan", "Eve", "Flo", "Gus"]
    gallery.enrol(names, np.ones((7, 8)))
    assert gallery.search(np.ones(8), k=3).names == [["Cid", "Ann", "Bob"]]


def test_an_empty_gallery_finds_nobody():
    matches = Gallery(MODEL).search(np.ones((2, 8)), k=3)
    assert matches.names == [[], []]
    assert matches.scores.shape == (2, 0)
    assert matches.comparisons == 0


def test_scores_never_pass_one():
    gallery = Gallery(MODEL)
    embeddings = np.random.default_rng(0).standard_normal((50, 8))
    gallery.enrol([str(n) for n in range(50)], embeddings)
    assert gallery.search(embeddings).scores.max() <= 1
    assert gallery.search(-embeddings, k=50).scores.min() >= -1


def test_adding_never_copies_what_is_there():
    gallery = Gallery(MODEL)
    gallery.enrol("Ann", np.ones((5, 8)))
    [(before, _)] = gallery._store.snapshot().blocks
    for _ in range(20):
        gallery.enrol("Bob", np.ones((5, 8)))
    after = gallery._store.snapshot().blocks[0][0]
    assert np.shares_memory(before, after)


def test_a_search_sees_one_moment():
    """Everybody comes with two crops at once, and goes with both at once."""
    gallery = Gallery(MODEL)
    ann, probe = np.eye(8)[:2], np.ones(8)
    gallery.enrol("Zoe", np.eye(8)[7])
    stop, wrong = threading.Event(), []
    expected = np.float32(1 / np.sqrt(8))

    def search():
        while not stop.is_set():
            found = gallery.search(probe, k=3, pooling="mean")
            crops = found.comparisons
            if crops not in (1, 2) or abs(found.scores - expected).max() > 1e-6:
                wrong.append(found)
            if "Ann" in found.names[0] and crops != 2:
                wrong.append(found)

    searchers = [threading.Thread(target=search) for _ in range(3)]
    for searcher in searchers:
        searcher.start()
    for _ in range(300):
        gallery.enrol("Ann", ann)
        gallery.remove("Ann")
    stop.set()
    for searcher in searchers:
        searcher.join()
    assert not wrong


def test_twenty_threads_enrol_what_one_does():
    generator = np.random.default_rng(0)
    embeddings = generator.standard_normal((20, 10, 8)).astype(np.float32)
    shared, alone = Gallery(MODEL), Gallery(MODEL)
    for person in range(20):
        alone.enrol(f"person {person}", embeddings[person])
    start = threading.Barrier(20)

    def enrol(person):
        start.wait()
        for embedding in embeddings[person]:
            shared.enrol(f"person {person}", embedding)
            shared.search(embedding)

    threads = [threading.Thread(target=enrol, args=(n,)) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(shared.names) == sorted(alone.names)
    assert shared.num_crops == 200
    probes = generator.standard_normal((30, 8))
    for pooling in ("max", "mean"):
        found = shared.search(probes, k=4, pooling=pooling)
        expected = alone.search(probes, k=4, pooling=pooling)
        assert found.names == expected.names
        np.testing.assert_allclose(found.scores, expected.scores, atol=1e-6)


def test_with_a_bad_row_nothing_is_enrolled():
    gallery = Gallery(MODEL)
    embeddings = np.ones((12, 8))
    embeddings[11] = 0
    with pytest.raises(ValueError, match="all zeros"):
        gallery.enrol("Ann", embeddings)
    assert len(gallery) == gallery.num_crops == 0


@pytest.mark.parametrize(
    ("names", "embeddings", "message"),
    [
        ("Ann", np.ones(7), r"`embeddings` must be \[8\].*\(7,\)"),
        ("Ann", np.ones((0, 8)), r"at least one.*\(0, 8\)"),
        ("", np.ones(8), r"`names` must be a str.*''"),
        (["Ann"], np.ones((2, 8)), r"1 names.* 2 embeddings"),
        ([1, 2], np.ones((2, 8)), r"`names` must be a str.* 1, for"),
        ("Ann", np.full(8, np.nan), r"NaN"),
    ],
)
def test_wrong_rows_are_refused(names, embeddings, message):
    with pytest.raises(ValueError, match=message):
        Gallery(MODEL).enrol(names, embeddings)


def test_wrong_searches_are_refused():
    gallery = Gallery(MODEL)
    with pytest.raises(ValueError, match=r"`k` must be an integer.*k=0"):
        gallery.search(np.ones(8), k=0)
    with pytest.raises(ValueError, match=r"`pooling`.*'max', 'mean'.*'best'"):
        gallery.search(np.ones(8), pooling="best")
    with pytest.raises(ValueError, match=r"somebody in the gallery.*'Ann'"):
        gallery.remove("Ann")
    with pytest.raises(ValueError, match=r"`dtype`.*'int8'.*'float64'"):
        Gallery(MODEL, dtype="float64")
    with pytest.raises(ValueError, match=r"`model` must be a ModelIdentity"):
        Gallery("face.tflite")


def test_another_model_is_refused():
    other = ModelIdentity("cd" * 32, 8, False, "int8", "0.1.0")
    with pytest.raises(ValueError, match=r"float32 abab.*model int8 cdcd"):
        Gallery(MODEL).check_model(other)
    Gallery(MODEL).check_model(ModelIdentity(**MODEL.to_dict()))
