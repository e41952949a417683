import dataclasses
import json

import keras
import pytest

from keras_sphereface import heads
from keras_sphereface.training import (
    EmbedderConfig,
    HeadStudy,
    OptimizerConfig,
    editable,
    from_config_dict,
)
from keras_sphereface.training.head_study import grid

STUDY = HeadStudy(
    heads=(
        {"name": "normface"},
        {"name": "spherefacer", "variant": ["v1", "v2"], "margin": [1.2, 1.4]},
    ),
    learning_rates=(0.1, 0.4),
    seeds=(3, 5),
    baseline="normface",
    embedder=EmbedderConfig("mobilefacenet_small", embedding_dim=16),
    epochs=2,
)


class SlopeHead(heads.MarginHead):
    """A head of a user."""

    def __init__(self, num_classes, slope=1.0, **kwargs):
        super().__init__(num_classes, **kwargs)
        self.slope = slope

    def get_config(self):
        return {**super().get_config(), "slope": self.slope}


def test_lists_stand_for_all_their_combinations():
    entry = {"name": "a", "x": [1, 2], "y": "hard", "z": (True, False)}
    assert grid(entry) == [
        ("a", {"x": x, "y": "hard", "z": z})
        for x in (1, 2)
        for z in (True, False)
    ]
    assert grid({"name": ["a", "b"]}) == [("a", {}), ("b", {})]


def test_a_plan_has_every_head_rate_and_seed_once():
    plan = STUDY.plan()
    assert len(plan) == 5 * 2 * 2
    assert len({run.key for run in plan}) == 20
    assert len({run.label for run in plan}) == 20
    # All heads with the first seed come first.
    assert [run.config.seed for run in plan] == [3] * 10 + [5] * 10
    assert plan[-1].label == (
        "spherefacer variant=v2 margin=1.4, learning rate 0.4, seed 5"
    )
    config = plan[-1].config
    assert config.head.name == "spherefacer"
    assert config.head.arguments == {"variant": "v2", "margin": 1.4}
    assert config.optimizer == OptimizerConfig(learning_rate=0.4)
    assert (config.epochs, config.batch_size) == (2, 64)
    assert config.embedder.embedding_dim == 16
    assert config.verification.every_epochs == 1


def test_settings_are_the_config_of_the_run():
    for run in STUDY.plan()[:3]:
        settings = json.loads(json.dumps(run.settings))
        assert from_config_dict(settings["config"]) == run.config


def test_without_learning_rates_the_optimizer_has_it():
    study = dataclasses.replace(
        STUDY, learning_rates=(), optimizer=OptimizerConfig(learning_rate=0.03)
    )
    assert {run.config.optimizer.learning_rate for run in study.plan()} == {
        0.03
    }


def keys(**changes):
    return [run.key for run in dataclasses.replace(STUDY, **changes).plan()]


def test_the_same_runs_of_another_study_have_the_same_keys():
    assert keys() == keys()
    more = keys(seeds=(3, 5, 7), baseline=None, degraded_by=0.1)
    assert set(keys()) < set(more)
    head = {"name": "spherefacer", "margin": 1.2, "variant": "v1"}
    turned = {name: head[name] for name in reversed(head)}
    assert keys(heads=(turned,), baseline=None) == keys(
        heads=(head,), baseline=None
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"epochs": 3},
        {"batch_size": 32},
        {"seeds": (4, 6)},
        {"learning_rates": (0.2, 0.3)},
        {"optimizer": OptimizerConfig(arguments={"momentum": 0.8})},
        {"embedder": EmbedderConfig("mobilefacenet_small", embedding_dim=8)},
        {"precision": "mixed_bfloat16"},
    ],
)
def test_every_setting_of_a_run_makes_another_key(changes):
    assert not set(keys()) & set(keys(**changes))


def test_other_defaults_of_a_head_make_another_key(monkeypatch):
    before = keys(heads=({"name": "arcface"},), baseline=None)
    config = heads.ArcFaceHead.get_config
    monkeypatch.setattr(
        heads.ArcFaceHead,
        "get_config",
        lambda self: {**config(self), "margin": 0.45},
    )
    assert not set(before) & set(
        keys(heads=({"name": "arcface"},), baseline=None)
    )


def test_a_head_of_a_user_goes_by_its_module():
    name = f"{__name__}:SlopeHead"
    study = dataclasses.replace(
        STUDY, heads=({"name": name, "slope": [1.0, 2.0]},), baseline=None
    )
    run = study.plan()[-1]
    assert run.config.head.name == name
    assert run.settings["head"]["slope"] == 2.0


@pytest.mark.parametrize(
    ("baseline", "label"),
    [
        (None, None),
        ("normface", "normface"),
        (
            "spherefacer variant=v1 margin=1.4",
            "spherefacer variant=v1 margin=1.4",
        ),
    ],
)
def test_a_baseline_is_found_by_name_or_label(baseline, label):
    study = dataclasses.replace(STUDY, baseline=baseline)
    assert study.baseline_label == label


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"heads": ()}, "`heads` must be at least one"),
        ({"heads": ({"name": "normface"},) * 2}, "none twice"),
        ({"heads": ({"margin": 0.5},)}, '`heads` must be dicts with a "name"'),
        ({"heads": ({"name": "softmax"},)}, r"arcface.*'softmax'"),
        ({"heads": ({"name": "arcface", "margin": -1},)}, "`margin`.*-1"),
        ({"heads": ({"name": "arcface", "slope": 1},)}, "slope"),
        ({"seeds": ()}, "`seeds` must be at least one"),
        ({"seeds": (1, 1)}, "`seeds`.*none twice"),
        ({"seeds": (-1,)}, "`seeds` must be an integer of at least 0.*-1"),
        (
            {"learning_rates": (0.0,)},
            r"`learning_rates` must be .*above 0.*0\.0",
        ),
        ({"epochs": 0}, "`epochs`.*0"),
        ({"degraded_by": 5}, "`degraded_by`.*5"),
        (
            {"baseline": "spherefacer"},
            "`baseline` must be one head.*variant=v2",
        ),
        ({"precision": "float64"}, "`precision`.*float64"),
    ],
)
def test_a_study_that_cannot_be_is_an_error_at_once(changes, message):
    settings = {"baseline": None, **changes}
    with pytest.raises((ValueError, TypeError), match=message):
        dataclasses.replace(STUDY, **settings)


def test_a_value_that_json_cannot_hold_is_named():
    odd = ({"name": f"{__name__}:SlopeHead", "slope": keras.ops.ones(())},)
    with pytest.raises(ValueError, match=r"that JSON can hold.*SlopeHead"):
        dataclasses.replace(STUDY, heads=odd, baseline=None)


def test_a_study_is_editable_and_read_again():
    content = editable(STUDY)
    content.epochs = 7
    content.data.folder = "faces"
    content.data.pairs = "pairs.bin"
    content.seeds = (0, 1)
    study = from_config_dict(content, HeadStudy)
    assert study.epochs == 7
    assert study.seeds == (0, 1)
    assert study.data.folder == "faces"
    assert study.heads == STUDY.heads
    assert study.learning_rates == STUDY.learning_rates
    assert from_config_dict(STUDY.to_dict(), HeadStudy) == STUDY
    json.dumps(STUDY.to_dict())
