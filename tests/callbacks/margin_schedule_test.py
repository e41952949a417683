import json
import math

import keras
import numpy as np
import pytest

from keras_sphereface import heads
from keras_sphereface.callbacks import MarginSchedule
from keras_sphereface.models import FaceRecognizer


class Recorder(keras.callbacks.Callback):
    """The hyperparameter that each step was computed with."""

    def __init__(self, setting="margin"):
        super().__init__()
        self.setting, self.seen = setting, []

    def on_train_batch_begin(self, batch, logs=None):
        self.seen.append(getattr(self.model.head, self.setting))


def make_recognizer(name="spherefacer", **kwargs):
    keras.utils.set_random_seed(0)
    inputs = keras.Input((6,))
    embedder = keras.Model(inputs, keras.layers.Dense(4)(inputs))
    recognizer = FaceRecognizer(embedder, heads.get(name, 5, **kwargs))
    recognizer.compile(keras.optimizers.SGD(0.01, momentum=0.9))
    return recognizer


def make_faces():
    random = np.random.default_rng(0)
    x = random.normal(size=(20, 6)).astype("float32")
    return x, random.integers(0, 5, 20).astype("int32")


FIT = {"batch_size": 4, "shuffle": False, "verbose": 0}  # five steps per epoch


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        (
            MarginSchedule.step(start=1.0, increment=0.1, at=[2, 7]),
            [1.0, 1.0, 1.1, 1.1, 1.1, 1.1, 1.1, 1.2, 1.2, 1.2],
        ),
        (
            MarginSchedule.linear(start=1.0, end=1.4, steps=8),
            [*np.linspace(1.0, 1.4, 9), 1.4],
        ),
        (
            MarginSchedule.cosine(start=1.0, end=1.4, steps=4),
            [1.0, 1.2 - 0.2 * math.sqrt(0.5), 1.2, 1.2 + 0.2 * math.sqrt(0.5)]
            + [1.4] * 6,
        ),
        (MarginSchedule(lambda step: 2 + step), np.arange(2, 12)),
    ],
)
def test_every_step_has_its_number(schedule, expected):
    recognizer, recorder = make_recognizer(), Recorder()
    history = recognizer.fit(
        *make_faces(), epochs=2, callbacks=[schedule, recorder], **FIT
    ).history
    np.testing.assert_allclose(recorder.seen, expected, rtol=1e-6)
    np.testing.assert_allclose(
        history["margin"], [expected[4], expected[9]], rtol=1e-6
    )


def test_any_number_of_the_head_can_be_scheduled():
    recognizer, recorder = make_recognizer(), Recorder("scale")
    schedule = MarginSchedule(
        keras.optimizers.schedules.PiecewiseConstantDecay([2], [10.0, 20.0]),
        setting="scale",
    )
    recognizer.fit(*make_faces(), callbacks=[schedule, recorder], **FIT)
    assert recorder.seen == [10, 10, 10, 20, 20]


def test_training_feels_the_margin():
    """A step at margin 2 is that of a head made with margin 2."""
    scheduled = make_recognizer(variant="v1", margin=1.0)
    fixed = make_recognizer(variant="v1", margin=2.0)
    constant = MarginSchedule(lambda step: 2.0)
    scheduled.fit(*make_faces(), callbacks=[constant], **FIT)
    fixed.fit(*make_faces(), **FIT)
    for a, b in zip(scheduled.get_weights(), fixed.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    ("name", "kwargs"),
    [
        ("spherefacer", {"normalization": "soft", "scale": 4.0}),
        ("adaface", {"scale": 8.0, "margin": 1.0}),
        ("curricularface", {"scale": 8.0}),
        ("elastic_cosface", {"scale": 8.0, "deviation": 0.2}),
    ],
)
def test_a_resumed_run_equals_one_that_was_not_stopped(name, kwargs, tmp_path):
    """Weights, margin, statistics and draws, to the last bit."""
    x, y = make_faces()

    def schedule():
        return MarginSchedule.linear(start=1.0, end=1.4, steps=17)

    whole = make_recognizer(name, **kwargs)
    whole.fit(x, y, epochs=4, callbacks=[schedule()], **FIT)
    stopped = make_recognizer(name, **kwargs)
    stopped.fit(x, y, epochs=2, callbacks=[schedule()], **FIT)
    stopped.save(tmp_path / "stopped.keras")
    resumed = keras.saving.load_model(tmp_path / "stopped.keras")
    assert resumed.head.margin == stopped.head.margin
    resumed.fit(x, y, epochs=4, initial_epoch=2, callbacks=[schedule()], **FIT)
    assert resumed.head.margin == whole.head.margin == 1.4
    for a, b in zip(whole.variables, resumed.variables, strict=True):
        np.testing.assert_array_equal(
            *(keras.ops.convert_to_numpy(v) for v in (a, b)), err_msg=a.path
        )


def test_the_head_of_a_functional_model_is_found():
    embeddings, labels = keras.Input((6,)), keras.Input((), dtype="int32")
    head = heads.ArcFaceHead(5, margin=0.0)
    model = keras.Model([embeddings, labels], head(embeddings, labels))
    model.compile(
        "sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    )
    x, y = make_faces()
    schedule = MarginSchedule.step(start=0.0, increment=0.25, at=[1, 3])
    history = model.fit([x, y], y, callbacks=[schedule], **FIT).history
    assert head.margin == 0.5
    json.dumps(history["margin"])


def test_wrong_use_is_named():
    with pytest.raises(ValueError, match=r"`schedule` must be a callable"):
        MarginSchedule(1.4)
    with pytest.raises(ValueError, match=r"`at`.*never grows"):
        MarginSchedule.step(start=1.0, increment=0.1, at=[])
    with pytest.raises(ValueError, match=r"`steps`.*at least 1.*steps=0"):
        MarginSchedule.linear(start=1.0, end=1.4, steps=0)
    x, y = make_faces()
    wrong = MarginSchedule(lambda step: 1.0, setting="margn")
    with pytest.raises(ValueError, match=r"`setting`.*margin.*'margn'"):
        make_recognizer().fit(x, y, callbacks=[wrong], **FIT)
    low = MarginSchedule(lambda step: 0.5)
    with pytest.raises(ValueError, match=r"`margin`.*at least 1.*0\.5"):
        make_recognizer().fit(x, y, callbacks=[low], **FIT)
    inputs = keras.Input((6,))
    model = keras.Model(inputs, keras.layers.Dense(5)(inputs))
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match=r"`head` must be given.*0 heads"):
        model.fit(x, np.ones((20, 5)), callbacks=[low], **FIT)
