import json

import numpy as np
import pytest

from keras_sphereface.evaluation import (
    PairSet,
    compare_examinations,
    compare_groups,
    evaluate_pairs,
    examine_pairs,
    score_pairs,
)


def make_pairs(num_people=40, images_per_person=5, seed=0):
    """Noisy copies of one random picture a person."""
    rng = np.random.default_rng(seed)
    people = rng.uniform(0, 255, (num_people, 1, 6, 6, 3))
    noise = rng.normal(0, 90, (num_people, images_per_person, 6, 6, 3))
    images = np.clip(people + noise, 0, 255).astype("uint8")
    labels = np.repeat(np.arange(num_people), images_per_person)
    return PairSet.sample(
        images.reshape(-1, 6, 6, 3), labels, pairs_per_fold=60, num_folds=10
    )


def pixels(images):
    return images.reshape(len(images), -1).astype("float32") - 127.5


def few_pixels(images):
    """A worse model: it sees the upper left corner only."""
    return pixels(np.ascontiguousarray(images[:, :2, :2]))


def sexes(pairs):
    sex = np.where(pairs.pair_people % 2 == 0, "f", "m")
    return {"sex": sex}


def test_it_agrees_with_the_single_functions():
    pairs = make_pairs()
    found = examine_pairs(
        pixels, pairs, attributes=sexes(pairs), fars=(0.2, 0.01, 1e-4)
    )
    np.testing.assert_array_equal(found.scores, score_pairs(pixels, pairs))
    assert found.report == evaluate_pairs(pixels, pairs, fars=(0.2, 0.01, 1e-4))
    # 0.01 of 300 is 3 pairs, too few; 0.2 is 60.
    threshold = found.report.operating_points[0].threshold
    assert found.groups == (
        compare_groups(
            scores=found.scores,
            is_same=pairs.is_same,
            groups=sexes(pairs)["sex"],
            threshold=threshold,
            attribute="sex",
        ),
    )
    assert str(found).startswith("verification (600 pairs, 40 people)")
    assert "by sex" in str(found)


def test_hardest_pairs_are_the_most_wrong_ones():
    found = examine_pairs(pixels, make_pairs(), fars=(0.2,))
    same = found.scores[found.pairs.is_same]
    assert found.scores[found.hardest(True)].tolist() == sorted(same)[:8]
    other = sorted(found.scores[~found.pairs.is_same])[::-1]
    assert found.scores[found.hardest(False, 3)].tolist() == other[:3]


def test_everything_goes_through_json():
    found = examine_pairs(pixels, make_pairs(), fars=(0.2,))
    content = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert content["operating_points"][0]["far"] == 0.2
    assert len(content["operating_points"][0]["tar_interval"]) == 2
    assert content["hardest_pairs"][0]["is_same"] is True
    assert content["hardest_pairs"][-1]["a"].startswith("image ")
    assert 0 <= content["calibration"]["error"] < 0.1


def test_attributes_without_any_threshold_are_refused():
    pairs = make_pairs()
    with pytest.raises(ValueError, match="no FAR could be measured"):
        examine_pairs(
            pixels, pairs, attributes=sexes(pairs), fars=(1e-6,), resamples=0
        )


def test_models_are_compared_on_the_same_draws():
    pairs = make_pairs()
    good = examine_pairs(pixels, pairs, fars=(0.2, 1e-4), name="good")
    bad = examine_pairs(few_pixels, pairs, fars=(0.2, 1e-4), name="bad")
    found = compare_examinations(good, bad)
    assert list(found.differences) == [
        "equal error rate",
        "area under curve",
        "TAR@FAR=2e-1",
    ]
    assert found.differences["area under curve"].estimate == pytest.approx(
        bad.report.auc - good.report.auc
    )
    lines = str(found).splitlines()
    assert lines[0] == "bad minus good, percentage points"
    assert all(line.endswith("worse") for line in lines[3:])
    assert lines[3].split()[3].startswith("+")
    back = str(compare_examinations(bad, good)).splitlines()
    assert all(line.endswith("better") for line in back[3:])
    same = compare_examinations(good, good)
    assert str(same).count("not clear") == 3
    content = json.loads(json.dumps(found.to_dict()))
    assert content["differences"]["equal error rate"]["is_clear"] is True


def test_models_on_different_pairs_are_not_compared():
    found = [
        examine_pairs(pixels, make_pairs(seed=seed), fars=(0.2,))
        for seed in (0, 1)
    ]
    found[1].pairs.index_a[3] += 1
    with pytest.raises(ValueError, match="different `index_a`"):
        compare_examinations(*found)
