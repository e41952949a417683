import json

import noisy_faces
import numpy as np
import pytest

from keras_sphereface.evaluation import (
    compare_groups,
    evaluate_pairs,
    full_report,
    score_pairs,
)


def make_pairs(seed=0):
    return noisy_faces.make_pairs(40, pairs_per_fold=60, size=6, seed=seed)


pixels = noisy_faces.pixel_embedder()


def sexes(pairs):
    sex = np.where(pairs.pair_people % 2 == 0, "f", "m")
    return {"sex": sex}


def test_it_agrees_with_the_single_functions():
    pairs = make_pairs()
    found = full_report(
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
    found = full_report(pixels, make_pairs(), fars=(0.2,))
    same = found.scores[found.pairs.is_same]
    assert found.scores[found.hardest(True)].tolist() == sorted(same)[:8]
    other = sorted(found.scores[~found.pairs.is_same])[::-1]
    assert found.scores[found.hardest(False, 3)].tolist() == other[:3]


def test_everything_goes_through_json():
    found = full_report(pixels, make_pairs(), fars=(0.2,))
    content = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert content["operating_points"][0]["far"] == 0.2
    assert len(content["operating_points"][0]["tar_interval"]) == 2
    assert content["hardest_pairs"][0]["is_same"] is True
    assert content["hardest_pairs"][-1]["a"].startswith("image ")
    assert 0 <= content["calibration"]["error"] < 0.1


def test_attributes_without_any_threshold_are_refused():
    pairs = make_pairs()
    with pytest.raises(ValueError, match="no FAR could be measured"):
        full_report(
            pixels, pairs, attributes=sexes(pairs), fars=(1e-6,), resamples=0
        )


def test_what_a_model_says_of_itself_comes_first_in_the_notes():
    embed = noisy_faces.pixel_embedder()
    embed.notes = ("It takes BGR.",)
    found = full_report(embed, make_pairs(), fars=(0.2, 1e-6), resamples=0)
    assert found.report.notes[0] == "It takes BGR."
    assert "1e-6 was not measured" in found.report.notes[1]
