import numpy as np
import pytest

from keras_sphereface.evaluation import search_gallery
from keras_sphereface.evaluation.gallery_search import _block_bounds


def make_faces(rng, people, noise=0.6, dim=16):
    """Embeddings of people, of any norm; the same people every time."""
    centers = np.random.default_rng(0).normal(size=(200, dim))
    faces = centers[people] + noise * rng.normal(size=(len(people), dim))
    return faces * rng.uniform(0.1, 9, (len(people), 1))


def naive_search(gallery, gallery_people, probes, probe_people):
    """Every score in float64, then a loop over people."""

    def unit(x):
        return x / np.linalg.norm(x, axis=1, keepdims=True)

    scores = unit(probes.astype("float64")) @ unit(gallery.astype("float64")).T
    results = []
    for row, person in zip(scores, probe_people, strict=True):
        best = {}
        for score, other in zip(row, gallery_people, strict=True):
            best[other] = max(score, best.get(other, -2))
        own = best.pop(person, None)
        others = list(best.values())
        if own is None:
            results.append((0, np.nan, max(others)))
        else:
            rank = 1 + sum(other >= own for other in others)
            results.append((rank, own, max(others, default=np.nan)))
    return [np.array(column) for column in zip(*results, strict=True)]


@pytest.mark.parametrize("gallery_block", [1, 7, 64, 4096])
@pytest.mark.parametrize("probe_block", [5, 1024])
@pytest.mark.parametrize("images_a_person", [1, 4])
def test_equals_comparing_all_with_all(
    gallery_block, probe_block, images_a_person
):
    rng = np.random.default_rng(1)
    people = rng.permutation(np.repeat(np.arange(90), images_a_person))
    probe_people = rng.integers(0, 120, 150)  # a quarter is not in the gallery
    gallery = make_faces(rng, people)
    probes = make_faces(rng, probe_people)
    search = search_gallery(
        gallery,
        people,
        probes,
        probe_people,
        gallery_block=gallery_block,
        probe_block=probe_block,
    )
    ranks, own, others = naive_search(gallery, people, probes, probe_people)
    np.testing.assert_array_equal(search.is_mated, probe_people < 90)
    np.testing.assert_array_equal(search.ranks, ranks)
    np.testing.assert_allclose(search.mate_scores, own, atol=1e-6)
    np.testing.assert_allclose(search.other_scores, others, atol=1e-6)
    assert ranks.max() > 1  # some are not found at once
    assert ranks.dtype.kind == "i"


def test_a_tie_counts_against_the_probe():
    faces = np.tile(np.float32([[0.3, -0.4, 2.0]]), (6, 1))
    search = search_gallery(faces, np.arange(6), faces, np.arange(6))
    np.testing.assert_array_equal(search.ranks, 6)
    # Also if rounding makes the two sides differ in the last place.
    twins = np.concatenate([faces[:1], faces[:1] * np.float32(1.1)])
    search = search_gallery(twins, ["ann", "bob"], faces[:1], ["ann"])
    assert search.ranks.tolist() == [2]


def test_names_are_people_and_files_need_not_fit_into_memory(tmp_path):
    rng = np.random.default_rng(2)
    people = np.array(["ann", "bob", "cid"])
    faces = make_faces(rng, np.arange(3)).astype("float32")
    np.save(tmp_path / "gallery.npy", faces)
    gallery = np.load(tmp_path / "gallery.npy", mmap_mode="r")
    search = search_gallery(gallery, people, faces, people)
    np.testing.assert_array_equal(search.ranks, 1)
    np.testing.assert_allclose(search.mate_scores, 1, atol=1e-6)


def test_a_gallery_of_one_person_has_no_others():
    faces = np.eye(2, dtype="float32")
    search = search_gallery(faces, [7, 7], faces[:1], [7])
    assert search.ranks.tolist() == [1]
    assert np.isnan(search.other_scores).all()


def test_blocks_never_part_a_person():
    codes = np.repeat(np.arange(6), [1, 5, 2, 2, 9, 1])
    for size in range(1, 25):
        bounds = _block_bounds(codes, size)
        assert bounds[0] == 0
        assert bounds[-1] == len(codes)
        assert all(np.diff(bounds) > 0)
        for bound in bounds[1:-1]:
            assert codes[bound - 1] != codes[bound]


FACES = np.eye(4, dtype="float32")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"gallery": FACES[:, :3]}, r"gallery\.shape=\(4, 3\)"),
        ({"gallery": FACES[0]}, r"`gallery`.*\(4,\)"),
        ({"probes": FACES[:0]}, r"`probes`.*\(0, 4\)"),
        ({"gallery_people": [0, 1]}, r"`gallery`.*\(2,\) with 4 embeddings"),
        ({"probe_people": [0.5] * 4}, "`probes`.*float64"),
        ({"gallery": FACES * [[1], [1], [0], [1]]}, r"gallery\[2\] is all zer"),
        ({"probes": np.diag([1, np.nan, 1, 1])}, r"probes\[1\] holds N"),
        ({"gallery_block": 0}, "gallery_block=0"),
        ({"probe_block": 2.0}, r"probe_block=2\.0"),
    ],
)
def test_bad_input_is_named(change, message):
    arguments = {
        "gallery": FACES,
        "gallery_people": [3, 2, 1, 0],
        "probes": FACES,
        "probe_people": [0, 1, 2, 3],
        **change,
    }
    with pytest.raises(ValueError, match=message):
        search_gallery(**arguments)


def test_the_named_row_is_the_callers_and_not_the_sorted_one():
    faces = FACES.copy()
    faces[0] = 0  # the last person in order
    with pytest.raises(ValueError, match=r"gallery\[0\] is all zeros"):
        search_gallery(faces, [9, 2, 1, 0], FACES, [0, 1, 2, 3])
