import json

import pytest
from study_runs import failed_run, make_run

from keras_sphereface.evaluation import StudyRun
from keras_sphereface.evaluation.study_run import head_label


@pytest.mark.parametrize("run", [make_run(), failed_run(failure="collapsed")])
def test_a_run_is_read_as_it_was_written(run):
    content = json.loads(json.dumps(run.to_dict()))
    assert StudyRun.from_dict(content) == run


def test_keys_that_are_missing_or_unknown_are_named():
    content = make_run().to_dict()
    del content["seed"]
    content["seeds"] = 3
    with pytest.raises(ValueError, match=r"\['seed'\], unknown \['seeds'\]"):
        StudyRun.from_dict(content)


@pytest.mark.parametrize(
    ("arguments", "label"),
    [
        ({}, "arcface"),
        ({"margin": 0.5, "scale": 30}, "arcface margin=0.5 scale=30"),
        ({"scale": 30.0, "detach": False}, "arcface scale=30 detach=False"),
        (
            {"detach": "cosine", "scale": None},
            "arcface detach=cosine scale=None",
        ),
        (
            {"margin": {"class_name": "PolynomialDecay", "config": {}}},
            "arcface margin=PolynomialDecay",
        ),
    ],
)
def test_a_label_says_what_a_user_types(arguments, label):
    assert head_label("arcface", arguments) == label
    assert make_run(arguments=arguments).label == label


def test_a_failed_run_is_worth_a_coin():
    assert make_run(accuracy=0.7).worth == 0.7
    assert failed_run().worth == 0.5
