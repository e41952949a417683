import json
import subprocess
import sys

import numpy as np
import pytest

from keras_sphereface.contract import FaceInput, Manifest
from keras_sphereface.evaluation import (
    PairSet,
    VerificationReport,
    compare_reports,
    equal_error,
    evaluate_pairs,
    fold_accuracies,
    tar_at_far,
    ten_fold_accuracy,
    threshold_at_far,
    verify_scores,
)


def make_scores(num_pairs=400, gap=0.5):
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
    assert report.num_pairs == 400
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
        assert (point.genuine_pairs, point.impostor_pairs) == (200, 200)
        assert point.data == "toy"


def test_a_rate_that_the_pairs_cannot_measure_is_left_out_and_noted():
    report = verify_scores(**make_scores(), fars=(0.1, 0.005, 0.001))
    assert list(report.tar_at_far) == [0.1, 0.005]  # 1 of 200 is 0.005
    assert [point.far for point in report.operating_points] == [0.1, 0.005]
    assert report.notes == (
        "FAR=1e-3 was not measured: it needs 1,000 pairs of different people, "
        "here are 200.",
    )
    assert report.notes[0] in report.table()


def test_a_collapsed_embedder_is_reported_not_hidden():
    pairs = {**make_scores(), "scores": np.ones(400, "float32")}
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


def make_report(**change):
    return VerificationReport(
        **{
            "accuracy": 0.75533,
            "accuracy_std": 0.0202,
            "auc": 0.83,
            "equal_error": 0.245,
            "tar_at_far": {0.1: 0.5, 0.001: 0.0533},
            "operating_points": (),
            "num_pairs": 3000,
            "name": "faces",
            **change,
        }
    )


def test_the_table_is_aligned_and_in_percent():
    assert str(make_report()) == (
        "faces (3,000 pairs)\n"
        "----------------------------------\n"
        "ten-fold accuracy  75.53 %  ± 2.02\n"
        "equal error rate   24.50 %\n"
        "area under curve   83.00 %\n"
        "TAR@FAR=1e-1       50.00 %\n"
        "TAR@FAR=1e-3        5.33 %"
    )


def test_the_table_shows_the_thresholds():
    report = verify_scores(**make_scores(), fars=(0.1,))
    threshold = report.operating_points[0].threshold
    assert f"score >= {threshold:.4f}" in report.table().splitlines()[-1]


def test_reports_stand_side_by_side_with_gaps_where_nothing_was_measured():
    before = make_report(accuracy=0.5, tar_at_far={0.1: 0.02}, notes=("Few.",))
    table = compare_reports({"before": before, "after": make_report()})
    lines = table.splitlines()
    assert lines[0].split() == [
        "ten-fold",
        "accuracy",
        "TAR@FAR=1e-1",
        "TAR@FAR=1e-3",
        "EER",
        "AUC",
        "pairs",
    ]
    assert set(lines[1]) == {"-"}
    assert lines[2].split()[:8] == [
        *("before", "50.00", "%", "±", "2.02"),
        *("2.00", "%", "-"),
    ]
    assert lines[3].split()[-5:] == ["24.50", "%", "83.00", "%", "3,000"]
    assert len({len(line) for line in lines[:4]}) == 1
    assert lines[4] == "before: Few."
    with pytest.raises(ValueError, match="one report at least"):
        compare_reports({})


def make_faces(num_people=20, images_per_person=4, height=8, width=8):
    """Noisy copies of one random picture a person."""
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
        ({"fars": (2.0,)}, r"`far` must be in \(0, 1\].*2.0"),
        ({"fars": (0,)}, r"`far` must be in \(0, 1\].*0"),
        ({"scores": np.full(400, np.nan)}, "finite"),
        ({"folds": np.zeros(400, int)}, "two folds"),
        ({"is_same": np.zeros(400, bool)}, "both kinds"),
    ],
)
def test_bad_input_is_named(change, message):
    with pytest.raises(ValueError, match=message):
        verify_scores(**{**make_scores(), **change})


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
