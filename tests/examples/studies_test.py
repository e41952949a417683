"""The ready studies are what their files say."""

import importlib.util
import pathlib

import pytest

from keras_sphereface.training import HeadStudy, from_config_dict

FOLDER = pathlib.Path(__file__).parents[2] / "examples" / "studies"


def study_of(name):
    path = FOLDER / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    command = f"--config=examples/studies/{name}.py"
    assert command in module.__doc__
    return from_config_dict(module.get_config(), HeadStudy)


@pytest.mark.parametrize(
    "path", sorted(FOLDER.glob("*.py")), ids=lambda p: p.stem
)
def test_a_study_is_small_and_has_seeds_enough(path):
    study = study_of(path.stem)
    assert len(study.seeds) >= 3
    assert study.data.image_size == (64, 64)
    # What two cores do in 40 minutes.
    assert len(study.plan()) * study.epochs <= 220


def test_the_map_varies_margin_rate_variant_and_detachment():
    plan = study_of("stability_on_small_faces").plan()
    rates = {run.config.optimizer.learning_rate for run in plan}
    assert len(rates) == 2
    for argument, count in (("variant", 3), ("margin", 2), ("detach", 2)):
        values = {run.config.head.arguments[argument] for run in plan}
        assert len(values) == count


def test_heads_are_compared_with_the_one_without_a_margin():
    study = study_of("heads_on_small_faces")
    assert study.baseline_label == "normface"
