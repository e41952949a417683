import json

import ijb_files
import ijb_oracles
import numpy as np
import pytest

from keras_sphereface.contract import align_face, read_image
from keras_sphereface.evaluation import embed_ijb, measure_ijb, read_ijb


def embed(images):
    """A few pixels, of any norm."""
    rows = images.reshape(len(images), -1)[:, 7::701].astype("float32")
    return (rows - 127.5) / 40


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ijb") / "IJBC"
    return {"folder": folder, **ijb_files.write_ijb(folder, num_people=6)}


@pytest.fixture(scope="module")
def ijb(written):
    return read_ijb(written["folder"])


@pytest.fixture(scope="module")
def faces(written):
    return [
        align_face(read_image(written["folder"] / "loose_crop" / name), points)
        for name, points in zip(
            written["images"], written["landmarks"], strict=True
        )
    ]


@pytest.fixture(scope="module", params=[True, False], ids=["flip", "plain"])
def embedded(request, tmp_path_factory, ijb, faces):
    """Whether mirrored too, ours, and one face after the other."""
    flip = request.param
    path = tmp_path_factory.mktemp("rows") / "new" / "rows.npy"
    rows = [embed(face[None])[0].astype("float64") for face in faces]
    if flip:
        mirrored = [embed(face[None, :, ::-1])[0] for face in faces]
        rows = [row + other for row, other in zip(rows, mirrored, strict=True)]
    return flip, embed_ijb(embed, ijb, path, flip=flip), rows


@pytest.mark.parametrize("by_norm", [True, False])
@pytest.mark.parametrize("by_score", [True, False])
def test_everything_equals_loops_over_the_files(
    ijb, written, embedded, by_norm, by_score
):
    flip, embeddings, rows = embedded
    people = written["people"]
    pooled = ijb_oracles.pool(
        rows,
        written["templates"],
        written["media"],
        written["scores"] if by_score else [1.0] * len(rows),
        by_norm=by_norm,
    )
    gallery = sorted(
        one for ids in written["galleries"].values() for one in ids
    )
    probes = written["probes"]
    scores = [sum(pooled[a] * pooled[b]) for a in gallery for b in probes]
    is_same = [people[a] == people[b] for a in gallery for b in probes]

    report = measure_ijb(
        embeddings,
        ijb,
        weighting="norm" if by_norm else "mean",
        detector_score=by_score,
        flip=flip,
        fars=(0.1, 0.02),
        resamples=0,
    )
    np.testing.assert_allclose(report.scores, scores, atol=1e-7)
    assert report.is_same.tolist() == is_same
    for far in (1e-6, 1e-3, 1e-1):
        expected = ijb_oracles.nearest_far_tar(scores, is_same, far)
        assert report.insightface_tars[far] == pytest.approx(expected, abs=1e-7)
    ranks, recalls = ijb_oracles.search(
        [pooled[one] for one in gallery],
        [people[one] for one in gallery],
        [pooled[one] for one in probes],
        [people[one] for one in probes],
        (1, 5, 10),
        (0.01, 0.1),
    )
    found = report.insightface_search
    assert found.rank_rates == pytest.approx(ranks, abs=1e-7)
    assert found.recalls == pytest.approx(recalls, abs=1e-7)
    # Without ties its ranks are ours.
    together = report.identification["all galleries"]
    assert together.rank_rates == pytest.approx(ranks, abs=1e-7)
    for called, ids in written["galleries"].items():
        known = {people[one] for one in ids}
        mated = sum(people[one] in known for one in probes)
        one = report.identification[called]
        assert (one.num_gallery, one.num_mated) == (len(ids), mated)
        assert one.num_non_mated == len(probes) - mated
        first = ijb_oracles.search(
            [pooled[one] for one in ids],
            [people[one] for one in ids],
            [pooled[one] for one in probes if people[one] in known],
            [people[one] for one in probes if people[one] in known],
            (1,),
            (),
        )[0]
        assert one.rank_rates[1] == pytest.approx(first[1], abs=1e-7)
    assert report.num_media == len(
        set(zip(written["templates"], written["media"], strict=True))
    )


def test_intervals_know_who_is_on_the_templates(ijb, written, faces):
    rows = embed(np.stack(faces))
    found = measure_ijb(rows, ijb, fars=(0.1,), resamples=20).verification
    assert found.num_people == len(set(written["people"].values()))
    low, high = found.tar_intervals[0.1]
    assert low <= found.tar_at_far[0.1] <= high


def test_one_part_alone_is_measured_and_the_other_noted(ijb, faces):
    rows = embed(np.stack(faces))
    alone = ijb.__class__(**{**vars(ijb), "galleries": {}, "probes": None})
    report = measure_ijb(rows, alone, resamples=0, notes=["of a test"])
    assert report.identification == {}
    assert report.notes[0] == "of a test"
    assert "1:N was not measured" in report.notes[1]
    alone = ijb.__class__(**{**vars(ijb), "pairs": None})
    report = measure_ijb(rows, alone, resamples=0)
    assert report.verification is None
    assert "1:1 was not measured" in str(report)
    json.dumps(report.to_dict(), allow_nan=False)


def test_a_search_that_its_rules_do_not_cover_is_left_out_and_noted(ijb, faces):
    strangers = ijb.__class__(
        **{**vars(ijb), "galleries": {"G1": ijb.galleries["G1"]}}
    )
    report = measure_ijb(embed(np.stack(faces)), strangers, resamples=0)
    assert report.insightface_search is None
    assert "must all be in the gallery" in report.notes[0]
    assert list(report.identification) == ["G1"]


def test_rows_of_another_set_are_refused(ijb):
    with pytest.raises(ValueError, match=r"one row per image.*3 rows"):
        measure_ijb(np.eye(3), ijb)
