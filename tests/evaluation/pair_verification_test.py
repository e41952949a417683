import json
import subprocess
import sys

import numpy as np
import pytest

from keras_sphereface.contract import FaceInput, Manifest
from keras_sphereface.evaluation import (
    PairSet,
    bootstrap_intervals,
    equal_error,
    evaluate_pairs,
    fold_accuracies,
    full_report,
    rate_interval,
    tar_at_far,
    ten_fold_accuracy,
    threshold_at_far,
    verify_scores,
)
from keras_sphereface.pairs.pair_folds import ten_folds


def make_scores(num_pairs=6000, gap=0.5):
    rng = np.random.default_rng(0)
    is_same = np.arange(num_pairs) % 2 == 0
    scores = np.clip(rng.normal(0, 0.2, num_pairs) + gap * is_same, -1, 1)
    return {
        "scores": scores.astype("float32"),
        "is_same": is_same,
        "folds": np.arange(num_pairs) * 10 // num_pairs,
    }


def test_the_report_agrees_with_the_single_functions():
    pairs = make_scores()
    both = {name: pairs[name] for name in ("scores", "is_same")}
    report = verify_scores(**pairs, fars=(0.1, 0.01), name="toy")
    assert report.accuracy == ten_fold_accuracy(**pairs)
    assert report.accuracy_std == np.std(fold_accuracies(**pairs).accuracies)
    assert report.equal_error == equal_error(**both)
    assert report.num_pairs == 6000
    assert report.name == "toy"
    assert report.notes == ()
    assert report.tar_at_far == {
        far: tar_at_far(**both, far=far) for far in (0.1, 0.01)
    }
    for point in report.operating_points:
        assert point.threshold == threshold_at_far(**both, far=point.far)
        assert point.tar == report.tar_at_far[point.far]
        accepted = pairs["scores"] >= point.threshold
        assert np.mean(accepted[~pairs["is_same"]]) <= point.far
        assert np.mean(accepted[pairs["is_same"]]) == point.tar
        assert (point.genuine_pairs, point.impostor_pairs) == (3000, 3000)
        assert point.data == "toy"


def test_a_rate_that_the_pairs_cannot_measure_is_left_out_and_noted():
    report = verify_scores(**make_scores(400), fars=(0.15, 0.005, 0.001))
    assert list(report.tar_at_far) == [0.15, 0.005]  # 1 of 200 is 0.005
    assert [point.far for point in report.operating_points] == [0.15, 0.005]
    assert report.notes == (
        "FAR=5e-3 is UNSTEADY: it rests on 1 of 200 pairs of different people; "
        "30 or more would make it steady.",
        "FAR=1e-3 was not measured: it needs 1,000 pairs of different people, "
        "and there are 200.",
    )
    assert report.table().endswith("\n".join(report.notes))


def test_intervals_are_in_the_report_and_at_the_operating_points():
    pairs = make_scores()
    report = verify_scores(**pairs, fars=(0.1, 0.01))
    both = {name: pairs[name] for name in ("scores", "is_same")}
    found = bootstrap_intervals(**both, fars=(0.1, 0.01))
    assert report.tar_intervals == found.tar_at_far
    assert report.equal_error_interval == found.equal_error
    assert report.auc_interval == found.auc
    assert report.num_people is None
    for point in report.operating_points:
        assert point.tar_interval == found.tar_at_far[point.far]
        assert point.threshold_interval == pytest.approx(
            found.threshold_at_far[point.far]
        )
        accepted = np.sum(pairs["scores"][~pairs["is_same"]] >= point.threshold)
        assert point.far_interval == rate_interval(int(accepted), 3000)
        assert point.far_interval[0] < point.far < point.far_interval[1]
    without = verify_scores(**pairs, fars=(0.1,), resamples=0)
    assert without.tar_intervals == {}
    assert without.operating_points[0].tar_interval is None
    assert "[" not in str(without)


def test_pair_sets_tell_who_is_who():
    pairs = PairSet.sample(*make_faces(), pairs_per_fold=20, num_folds=5)
    report = evaluate_pairs(centered_pixels, pairs, fars=(0.1,))
    assert report.num_people == 20
    assert "20 people" in str(report)
    alone = PairSet(
        pairs.images, pairs.index_a, pairs.index_b, pairs.is_same, pairs.folds
    )
    assert alone.pair_people is None
    blind = evaluate_pairs(centered_pixels, alone, fars=(0.1,))
    assert blind.num_people is None
    assert blind.tar_intervals != report.tar_intervals


def test_without_folds_scores_of_any_range_are_measured():
    pairs = make_scores()
    report = verify_scores(
        scores=100 * pairs["scores"].astype("float64") - 500,
        is_same=pairs["is_same"],
        fars=(0.1,),
    )
    assert report.accuracy is None
    assert report.auc == pytest.approx(verify_scores(**pairs, fars=()).auc)
    assert report.operating_points == ()
    assert "no threshold in [-1, 1]" in report.notes[0]


def test_a_collapsed_embedder_is_reported_not_hidden():
    pairs = {**make_scores(), "scores": np.ones(6000, "float32")}
    report = verify_scores(**pairs, fars=(0.1,))
    assert report.accuracy == report.equal_error == report.auc == 0.5
    assert report.tar_at_far == {0.1: 0.0}
    assert report.operating_points == ()
    assert "no threshold" in report.notes[0]


def test_the_report_goes_through_json_and_into_a_manifest():
    report = verify_scores(**make_scores(), fars=(0.1, 0.01, 1e-4))
    content = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    assert content["accuracy"] == report.accuracy
    assert content["tar_at_far"] == {
        "0.1": report.tar_at_far[0.1],
        "0.01": report.tar_at_far[0.01],
    }
    assert len(content["notes"]) == 1
    manifest = Manifest(
        FaceInput(), 8, report.operating_points, package_version="0"
    )
    read = Manifest.from_json(manifest.to_json())
    assert read.operating_points == report.operating_points


def test_the_table_shows_the_thresholds():
    report = verify_scores(**make_scores(), fars=(0.1,))
    threshold = report.operating_points[0].threshold
    assert f"score >= {threshold:.4f}" in report.table().splitlines()[-1]


def make_faces(num_people=20, images_per_person=4, height=8, width=8):
    """Noisy copies of one random picture per person."""
    rng = np.random.default_rng(0)
    people = rng.uniform(0, 255, (num_people, 1, height, width, 3))
    shape = (num_people, images_per_person, height, width, 3)
    noisy = np.clip(people + rng.normal(0, 60, shape), 0, 255)
    labels = np.repeat(np.arange(num_people), images_per_person)
    return noisy.astype("uint8").reshape(-1, height, width, 3), labels


def centered_pixels(images):
    return images.reshape(len(images), -1).astype("float32") - 127.5


def test_a_good_embedder_passes_and_a_blind_one_is_at_chance():
    pairs = PairSet.sample(*make_faces(), pairs_per_fold=20, num_folds=5)
    good = evaluate_pairs(centered_pixels, pairs, fars=(0.1,))
    assert good.accuracy > 0.95
    assert good.equal_error < 0.05

    def blind(images):
        seeds = images[:, 0, 0, 0].astype(int)
        return np.stack(
            [np.random.default_rng(seed).normal(size=8) for seed in seeds]
        )

    # 100 pairs: chance has a standard deviation of 0.05.
    assert abs(evaluate_pairs(blind, pairs, fars=()).accuracy - 0.5) < 0.2


def test_flip_and_batch_size_reach_the_embedder():
    pairs = PairSet.sample(*make_faces(), pairs_per_fold=20, num_folds=5)
    sizes = []

    def counting(images):
        sizes.append(len(images))
        return centered_pixels(images)

    evaluate_pairs(counting, pairs, flip=False, batch_size=7, name="seven")
    assert max(sizes) == 7
    assert sum(sizes) == len(pairs.images)


@pytest.mark.parametrize("flip", [False, True])
def test_operating_points_say_whether_mirror_images_were_added(flip):
    pairs = PairSet.sample(*make_faces(), pairs_per_fold=20, num_folds=5)
    report = evaluate_pairs(centered_pixels, pairs, fars=(0.1,), flip=flip)
    assert [point.flip for point in report.operating_points] == [flip]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"fars": (2.0,)}, r"`far` is.*must be in \(0, 1\].*2.0"),
        ({"fars": (0,)}, r"`far` is.*must be in \(0, 1\].*0"),
        ({"scores": np.full(6000, np.nan)}, "finite"),
        ({"folds": np.zeros(6000)}, "float64"),
        ({"is_same": np.zeros(6000, bool)}, "both kinds"),
    ],
)
def test_bad_input_is_named(change, message):
    with pytest.raises(ValueError, match=message):
        verify_scores(**{**make_scores(), **change})


def test_one_fold_is_measured_and_the_report_says_how():
    pairs = make_scores()
    one = {**pairs, "folds": np.zeros(len(pairs["folds"]), int)}
    report = verify_scores(**one, resamples=0)
    parts = ten_folds(pairs["is_same"])
    assert report.accuracy == ten_fold_accuracy(**{**pairs, "folds": parts})
    assert "over 10 parts" in report.notes[0]
    assert "leans high" in report.notes[0]
    whole = verify_scores(**pairs, resamples=0)
    assert whole.equal_error == report.equal_error
    assert not any("parts" in note for note in whole.notes)


def test_pairs_that_cannot_be_measured_are_not_embedded():
    images = np.zeros((4, 4, 4, 3), "uint8")
    pairs = PairSet(images, [0, 1, 2], [1, 2, 3], [True] * 3, [0, 1, 2])

    def embed(_):
        raise AssertionError("embedded in vain")

    for measure in (evaluate_pairs, full_report):
        with pytest.raises(ValueError, match="one kind outside fold 0"):
            measure(embed, pairs)


def test_evaluation_loads_neither_keras_nor_a_backend_nor_matplotlib():
    code = """
import sys
import numpy as np
from keras_sphereface.evaluation import PairSet, evaluate_pairs
images = np.random.default_rng(0).integers(0, 256, (24, 4, 4, 3), "uint8")
pairs = PairSet.sample(images, np.repeat(np.arange(8), 3), 4, num_folds=2)
report = evaluate_pairs(lambda x: x.reshape(len(x), -1) + 1.0, pairs)
print(report.num_pairs)
heavy = {"keras", "tensorflow", "torch", "jax", "matplotlib"}
assert not heavy & set(sys.modules)
"""
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.stdout == "8\n", result.stderr
