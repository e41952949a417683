import json

import keras
import numpy as np
import pytest

from keras_sphereface.contract import OperatingPoint
from keras_sphereface.training import (
    DataConfig,
    EmbedderConfig,
    HeadConfig,
    OptimizerConfig,
    TrainConfig,
    train,
)


def make_config(**changes):
    settings = {
        "data": DataConfig(
            image_size=(32, 32),
            synthetic_identities=6,
            synthetic_images=6,
            synthetic_unseen=20,
            synthetic_pairs=20,
        ),
        "embedder": EmbedderConfig("mobilefacenet_small", embedding_dim=16),
        "head": HeadConfig(arguments={"margin": 1.2, "scale": 16.0}),
        "optimizer": OptimizerConfig(learning_rate=0.02),
        "epochs": 3,
        "batch_size": 12,
    }
    return TrainConfig(**{**settings, **changes})


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    workdir = tmp_path_factory.mktemp("run") / "made"
    return train(make_config(), workdir, progress=False), workdir


def test_a_run_learns_and_measures_before_and_after(run):
    result, _ = run
    losses = result.history["loss"]
    assert len(losses) == 3
    assert losses[-1] < losses[0]
    assert result.before.num_pairs == result.after.num_pairs == 200
    assert result.before.to_dict() != result.after.to_dict()


def test_a_run_writes_models_and_a_report(run):
    result, workdir = run
    assert sorted(path.name for path in workdir.iterdir()) == [
        "embedder.keras",
        "recognizer.keras",
        "report.json",
    ]
    report = json.loads((workdir / "report.json").read_text("utf-8"))
    assert report == json.loads(json.dumps(result.report))
    assert report["config"]["head"]["arguments"] == {
        "margin": 1.2,
        "scale": 16.0,
    }
    assert report["data"]["num_classes"] == 6
    assert report["after"]["accuracy"] == result.after.accuracy
    points = [OperatingPoint(**point) for point in report["operating_points"]]
    assert points == list(result.after.operating_points)
    assert points[0].data == "unseen synthetic faces"


def test_saved_models_give_the_embeddings_of_the_run(run):
    result, workdir = run
    images = result.faces.source[0][:5]
    expected = result.recognizer.predict(images, verbose=0)
    for name in ("embedder.keras", "recognizer.keras"):
        loaded = keras.saving.load_model(workdir / name)
        np.testing.assert_array_equal(
            loaded.predict(images, verbose=0), expected
        )


def test_the_same_seed_gives_the_same_run(run, tmp_path):
    result, _ = run
    again = train(make_config(), tmp_path, progress=False)
    np.testing.assert_allclose(
        again.history["loss"], result.history["loss"], rtol=1e-4
    )


def test_a_run_in_mixed_precision_leaves_the_global_policy(tmp_path):
    config = make_config(precision="mixed_bfloat16", epochs=1)
    result = train(config, tmp_path, progress=False)
    assert np.isfinite(result.history["loss"]).all()
    assert keras.config.dtype_policy().name == "float32"
    embeddings = result.recognizer.predict(result.faces.source[0], verbose=0)
    assert embeddings.dtype == np.float32


def test_names_that_are_unknown_list_the_right_ones(tmp_path):
    config = make_config(embedder=EmbedderConfig("resnet"))
    with pytest.raises(ValueError, match=r"mobilefacenet.*'resnet'"):
        train(config, tmp_path, progress=False)
    config = make_config(head=HeadConfig("softmax"))
    with pytest.raises(ValueError, match=r"spherefacer.*'softmax'"):
        train(config, tmp_path, progress=False)
