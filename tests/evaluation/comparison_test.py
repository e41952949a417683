import json

import noisy_faces
import pytest

from keras_sphereface.evaluation import compare_full_reports, full_report


def make_pairs(seed=0):
    return noisy_faces.make_pairs(40, pairs_per_fold=60, size=6, seed=seed)


pixels = noisy_faces.pixel_embedder()
few_pixels = noisy_faces.pixel_embedder(step=9)


def test_models_are_compared_on_the_same_draws():
    pairs = make_pairs()
    good = full_report(pixels, pairs, fars=(0.2, 1e-4), name="good")
    bad = full_report(few_pixels, pairs, fars=(0.2, 1e-4), name="bad")
    found = compare_full_reports(good, bad)
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
    back = str(compare_full_reports(bad, good)).splitlines()
    assert all(line.endswith("better") for line in back[3:])
    same = compare_full_reports(good, good)
    assert str(same).count("not clear") == 3
    content = json.loads(json.dumps(found.to_dict()))
    assert content["differences"]["equal error rate"]["is_clear"] is True


def test_models_on_different_pairs_are_not_compared():
    found = [
        full_report(pixels, make_pairs(seed=seed), fars=(0.2,))
        for seed in (0, 1)
    ]
    found[1].pairs.index_a[3] += 1
    with pytest.raises(ValueError, match="different `index_a`"):
        compare_full_reports(*found)
