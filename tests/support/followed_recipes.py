"""Shows, in a copy of the package, what each recipe of CONTRIBUTING.md led to.

Takes a JSON object of the test files of each recipe, and prints one of the
errors: the empty text where there was none.
"""

import json
import pathlib
import runpy
import sys
import traceback

import keras
import numpy as np

import keras_sphereface as ks

assert pathlib.Path(ks.__file__).is_relative_to(pathlib.Path.cwd())


def head():
    """Found by its name, and trained a step, in chunks too."""
    import head_cases

    assert "li_arcface" in head_cases.ALL
    found = ks.heads.get("li_arcface", 3)
    assert type(found) is ks.heads.LiArcFaceHead
    config = ks.training.from_config_dict({"head": {"name": "li_arcface"}})
    assert config.head.name == "li_arcface"
    images = keras.Input((5,))
    embedder = keras.Model(images, keras.layers.Dense(4)(images))
    recognizer = ks.FaceRecognizer(embedder, found)
    recognizer.compile("sgd")
    x = np.random.default_rng(0).normal(size=(6, 5)).astype("float32")
    y = np.arange(6) % 3
    before = recognizer.get_weights()
    history = recognizer.fit(x, y, batch_size=6, verbose=0).history
    assert np.isfinite(history["loss"]).all()
    after = recognizer.get_weights()
    changed = [np.any(a != b) for a, b in zip(before, after, strict=True)]
    assert any(changed)
    chunks = ks.heads.get("li_arcface", 3, class_chunk=2)
    chunks.build((None, 4))
    chunks.centers.assign(found.centers)
    losses = [h.compute_outputs(embedder(x), y).losses for h in (found, chunks)]
    np.testing.assert_allclose(*map(np.asarray, losses), rtol=1e-5)


def loss():
    """On plain cosines that of the head."""
    found = ks.heads.get("li_arcface", 3, margin=0.3, scale=8.0)
    found.build((None, 4))
    cosines = ks.layers.CosineDense(3)
    cosines.build((None, 4))
    cosines.centers.assign(found.centers)
    x = np.random.default_rng(0).normal(size=(6, 4)).astype("float32")
    y = np.arange(6) % 3
    value = ks.losses.LiArcFaceLoss(margin=0.3, scale=8.0)(y, cosines(x))
    expected = np.mean(np.asarray(found.compute_outputs(x, y).losses))
    np.testing.assert_allclose(float(value), expected, rtol=1e-6)
    assert "LiArcFaceLoss" in ks.losses.__all__


def backbone():
    """An embedder with its neck."""
    embedder = ks.build_embedding_model("patches", 4, image_size=(32, 32))
    assert embedder.get_layer("patches")
    assert embedder.get_layer("neck_depthwise")
    ks.training.EmbedderConfig("patches")


def data_format():
    """Named; its test reads a set."""
    assert "npz" in ks.data.names()


def pair_format():
    """Named; its test reads a file."""
    assert ".lines" in ks.pairs.names()


def network_family():
    """Named; its test finds it in a file."""
    assert "patches" in ks.interop.family_names()


def follow(title, files):
    """Runs the tests of a recipe, and shows what it must lead to."""
    for file in files:
        for name, value in runpy.run_path(file).items():
            if name.startswith("test_"):
                value()
    globals()["_".join(title.split()[2:])]()


if __name__ == "__main__":
    errors = {}
    for each, tests in json.loads(sys.argv[1]).items():
        try:
            follow(each, tests)
            errors[each] = ""
        except Exception:
            errors[each] = traceback.format_exc()
    sys.stdout.write(json.dumps(errors))
