import json

import numpy as np

from keras_sphereface.evaluation import (
    IjbReport,
    InsightFaceSearch,
    identify,
    verify_scores,
)


def make_report():
    scores = np.linspace(-0.5, 0.9, 60)
    is_same = np.arange(60) % 7 > 2
    return IjbReport(
        name="ijbc",
        num_images=2100,
        num_media=70,
        num_templates=12,
        weighting="norm",
        detector_score=True,
        flip=True,
        verification=verify_scores(
            scores=scores, is_same=is_same, fars=(0.1,), resamples=0
        ),
        insightface_tars={1e-4: 0.25, 1e-1: 0.5},
        identification={
            "G1": identify(np.eye(4), range(4), np.eye(4), range(4), fpirs=())
        },
        insightface_search=InsightFaceSearch({1: 0.75}, {0.1: 0.5}, {0.1: 0.3}),
        notes=("A note.",),
        scores=scores,
        is_same=is_same,
    )


def test_the_text_says_what_was_measured_how():
    text = str(make_report())
    first = text.splitlines()[0]
    assert first == (
        "ijbc (2,100 images, 70 media, 12 templates; norm weights, detector "
        "scores, mirror images)"
    )
    for part in ("TAR@FAR=1e-4", "25.00 %", "top 1", "75.00 %", "A note."):
        assert part in text
    assert "1:1: verification (60 pairs)" in text
    assert "1:N: identification (4 people in the gallery" in text


def test_json_has_every_number_and_no_thresholds_for_a_device():
    content = json.loads(json.dumps(make_report().to_dict(), allow_nan=False))
    assert content["insightface"]["tar_at_far"] == {"0.0001": 0.25, "0.1": 0.5}
    assert content["insightface"]["thresholds"] == {"0.1": 0.3}
    assert content["identification"]["G1"]["rank_rates"]["1"] == 1
    assert content["verification"]["num_pairs"] == 60
    assert "operating_points" not in content
