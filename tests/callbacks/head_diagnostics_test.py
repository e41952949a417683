import warnings

import keras
import numpy as np
import pytest
from PIL import Image

from keras_sphereface import heads
from keras_sphereface.callbacks import HeadDiagnostics
from keras_sphereface.models import FaceRecognizer

SHORT_LIST = ("sphereface2",)
FIT = {"batch_size": 8, "shuffle": False, "verbose": 0}


def make_recognizer(name="cosface", learning_rate=0.05, **kwargs):
    keras.utils.set_random_seed(0)
    inputs = keras.Input((6,))
    embedder = keras.Model(inputs, keras.layers.Dense(4)(inputs))
    kwargs = {"scale": 16.0, **kwargs}
    recognizer = FaceRecognizer(embedder, heads.get(name, 5, **kwargs))
    recognizer.compile(keras.optimizers.SGD(learning_rate))
    return recognizer


def make_faces():
    random = np.random.default_rng(0)
    y = random.integers(0, 5, 40).astype("int32")
    x = random.normal(size=(5, 6))[y] + 0.3 * random.normal(size=(40, 6))
    return x.astype("float32"), y


def test_numbers_equal_a_float64_loop():
    x, y = make_faces()
    recognizer = make_recognizer(learning_rate=0.0, margin=0.3)
    diagnostics = HeadDiagnostics(x, y, batch_size=16)
    history = recognizer.fit(x, y, callbacks=[diagnostics], **FIT).history
    w = keras.ops.convert_to_numpy(recognizer.head.centers).astype("float64")
    embeddings = recognizer.predict(x, verbose=0).astype("float64")
    targets, nearest, past = [], [], []
    gradient = np.zeros_like(w)
    for e, label in zip(embeddings, y, strict=True):
        unit = e / np.linalg.norm(e)
        cosines = [unit @ c / np.linalg.norm(c) for c in w.T]
        others = [c for j, c in enumerate(cosines) if j != label]
        targets.append(np.degrees(np.arccos(cosines[label])))
        nearest.append(np.degrees(np.arccos(max(others))))
        past.append(cosines[label] - 0.3 > max(others))
        logits = [16 * (c - 0.3 * (j == label)) for j, c in enumerate(cosines)]
        total = sum(np.exp(z) for z in logits)
        for j, c in enumerate(w.T):
            slope = 16 * (np.exp(logits[j]) / total - (j == label)) / 40
            length = np.linalg.norm(c)
            gradient[:, j] += slope * (unit - cosines[j] * c / length) / length
    (snapshot,) = diagnostics.snapshots
    np.testing.assert_allclose(snapshot.target_angles, targets, rtol=1e-4)
    np.testing.assert_allclose(snapshot.nearest_angles, nearest, rtol=1e-4)
    np.testing.assert_allclose(
        snapshot.norms, np.linalg.norm(embeddings, axis=1), rtol=1e-5
    )
    assert snapshot.past_margin == np.mean(past)
    np.testing.assert_allclose(
        snapshot.center_gradients,
        np.linalg.norm(gradient, axis=0),
        rtol=1e-4,
        atol=1e-6,
    )
    expected = {
        "head_target_angle": np.median(targets),
        "head_nearest_angle": np.median(nearest),
        "head_norm": np.median(np.linalg.norm(embeddings, axis=1)),
        "head_past_margin": np.mean(past),
        "head_center_gradient": np.linalg.norm(gradient),
    }
    for name, value in expected.items():
        np.testing.assert_allclose(history[name], [value], rtol=1e-4)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=() if name in SHORT_LIST else pytest.mark.slow)
        for name in heads.names()
    ],
)
def test_looks_at_every_head_and_draws_its_page(name, tmp_path):
    x, y = make_faces()
    diagnostics = HeadDiagnostics(x, y, plot_path=tmp_path / "head.png")
    recognizer = make_recognizer(name, learning_rate=0.01)
    history = recognizer.fit(x, y, callbacks=[diagnostics], **FIT).history
    assert all(np.isfinite(values).all() for values in history.values())
    assert diagnostics.warnings == {}
    with Image.open(tmp_path / "head.png") as page:
        assert page.size == (1650, 1110)


def test_looks_every_so_often_and_after_the_last_epoch(tmp_path):
    x, y = make_faces()
    diagnostics = HeadDiagnostics(
        x, y, every_epochs=2, plot_path=tmp_path / "head.svg"
    )
    make_recognizer().fit(x, y, epochs=5, callbacks=[diagnostics], **FIT)
    epochs = [snapshot.epoch for snapshot in diagnostics.snapshots]
    assert epochs == [2, 4, 5]
    assert (
        "after epoch 5" in (tmp_path / "head.svg").read_text("utf-8")
        or (tmp_path / "head.svg").stat().st_size > 10_000
    )


def test_writes_scalars_and_histograms_for_tensorboard(tmp_path):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing import event_file_loader

    x, y = make_faces()
    diagnostics = HeadDiagnostics(x, y, log_dir=tmp_path / "logs")
    make_recognizer().fit(x, y, epochs=2, callbacks=[diagnostics], **FIT)
    (path,) = (tmp_path / "logs").iterdir()
    seen = {}
    for event in event_file_loader.LegacyEventFileLoader(str(path)).Load():
        for value in event.summary.value:
            plugin = value.metadata.plugin_data.plugin_name
            seen.setdefault((plugin, value.tag), []).append(event.step)
    assert all(steps == [1, 2] for steps in seen.values())
    assert set(seen) == {
        ("scalars", "head_target_angle"),
        ("scalars", "head_nearest_angle"),
        ("scalars", "head_norm"),
        ("scalars", "head_past_margin"),
        ("scalars", "head_center_gradient"),
        ("scalars", "head_margin"),
        ("scalars", "head_scale"),
        ("histograms", "head_target_angles"),
        ("histograms", "head_nearest_angles"),
        ("histograms", "head_norms"),
        ("histograms", "head_center_gradients"),
    }


def warnings_of(recognizer, embeddings=None, plot_path=None, **fit):
    x, y = make_faces()
    x = x if embeddings is None else embeddings
    diagnostics = HeadDiagnostics(x, y, plot_path=plot_path)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        recognizer.fit(x, y, callbacks=[diagnostics], **{**FIT, **fit})
    texts = [str(w.message) for w in caught if w.category is UserWarning]
    assert sorted(texts) == sorted(diagnostics.warnings.values())
    return diagnostics.warnings


@pytest.mark.parametrize(
    ("name", "kwargs", "text"),
    [
        ("spherefacer", {"margin": 1.0}, r"margin = 1): this trains NormFace"),
        ("arcface", {"margin": 0.0}, r"(margin = 0)"),
        (
            "magface",
            {"lower_margin": 0.0, "upper_margin": 0.0},
            "lower_margin = 0, upper_margin = 0",
        ),
    ],
)
def test_warns_once_of_a_margin_without_effect(name, kwargs, text):
    found = warnings_of(make_recognizer(name, **kwargs), epochs=3)
    assert set(found) == {"margin"}
    assert text in found["margin"]


def test_warns_of_a_scale_too_small_for_the_classes():
    found = warnings_of(make_recognizer(scale=2.0))
    # Five classes, spread evenly: ln(1 + 4 e^(-2 * 5/4)) = 0.28.
    assert "too small for 5 classes" in found["scale"]
    assert "cannot fall below 0.28" in found["scale"]
    # ln(4 * 9) / (5/4) = 2.87.
    assert found["scale"].endswith("Take at least 3.")
    assert warnings_of(make_recognizer(scale=3.0)) == {}
    assert warnings_of(make_recognizer("sphereface2", scale=2.0)) == {}


def test_warns_of_norms_that_collapse():
    recognizer = make_recognizer(learning_rate=0.0)

    class Shrink(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            for weight in self.model.embedder.trainable_weights:
                weight.assign(weight * (0.05 if epoch == 4 else 1.0))

    x, y = make_faces()
    diagnostics = HeadDiagnostics(x, y)
    with pytest.warns(UserWarning, match="norms of embeddings collapse"):
        recognizer.fit(x, y, epochs=5, callbacks=[Shrink(), diagnostics], **FIT)
    assert set(diagnostics.warnings) == {"norms"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("factor", "text"),
    [(1e4, "near the end of float16"), (1e5, "not finite"), (1.0, None)],
)
def test_warns_of_float16_at_its_end(factor, text, tmp_path):
    keras.config.set_dtype_policy("mixed_float16")
    try:
        recognizer = make_recognizer(learning_rate=0.0)
    finally:
        keras.config.set_dtype_policy("float32")
    x, _ = make_faces()
    found = warnings_of(
        recognizer, np.float32(factor) * x, tmp_path / "head.png"
    )
    assert (tmp_path / "head.png").is_file()
    assert set(found) == ({"numbers"} if text else set())
    assert not text or text in found["numbers"]
    wide = make_recognizer(learning_rate=0.0)
    assert warnings_of(wide, np.float32(factor) * x) == {}


def test_wrong_use_is_named(tmp_path):
    x, y = make_faces()
    with pytest.raises(ValueError, match=r"equally many.*40 images, 39"):
        HeadDiagnostics(x, y[:-1])
    with pytest.raises(ValueError, match=r"`every_epochs`.*every_epochs=0"):
        HeadDiagnostics(x, y, every_epochs=0)
    wrong = HeadDiagnostics(x, y, plot_path=tmp_path / "head.txt")
    with pytest.raises(ValueError, match=r"`path` must end in \.png"):
        make_recognizer().fit(x, y, callbacks=[wrong], **FIT)
    embeddings, labels = keras.Input((6,)), keras.Input((), dtype="int32")
    head = heads.CosFaceHead(5)
    model = keras.Model([embeddings, labels], head(embeddings, labels))
    model.compile(
        "sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    )
    with pytest.raises(ValueError, match=r"`embedder` must be given"):
        model.fit([x, y], y, callbacks=[HeadDiagnostics(x, y)], **FIT)
