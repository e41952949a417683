"""A hyperparameter that takes a schedule, by the steps the head counts."""

import keras
import numpy as np
import pytest
from keras import ops
from replicas import on_tensorflow

from keras_sphereface import heads
from keras_sphereface.losses import MarginLoss
from keras_sphereface.models import FaceRecognizer

schedules = keras.optimizers.schedules
GROWING = schedules.PolynomialDecay(1.0, 8, 1.4)
STEPWISE = schedules.PiecewiseConstantDecay([2, 6], [1.0, 1.1, 1.2])
# What ten steps are to be computed with.
LINE = [*np.linspace(1.0, 1.4, 9), 1.4]
FIT = {"batch_size": 4, "shuffle": False, "verbose": 0}  # five steps per epoch


@keras.saving.register_keras_serializable("schedules_test")
class RecordingHead(heads.SphereFaceHead):
    """Keeps the margin of each step in millionths.

    As integers, since what is a float is as before after a step that overflows.
    """

    def build(self, embeddings_shape, labels_shape=None):
        super().build(embeddings_shape, labels_shape)
        self.seen = self.add_weight(
            name="seen",
            shape=(40,),
            dtype="int32",
            initializer="zeros",
            trainable=False,
            aggregation="only_first_replica",
        )

    def class_margin(self, norms, training):
        if training:
            step = ops.convert_to_tensor(self.steps)
            margin = ops.cast(ops.convert_to_tensor(self.margin), "float32")
            here = ops.cast(ops.equal(ops.arange(40), step), "int32")
            millionths = ops.cast(ops.round(1e6 * margin), "int32")
            self.seen.assign(self.seen + here * millionths)
        return super().class_margin(norms, training)


def make_recognizer(head, policy="float32", optimizer=None, **compile_with):
    keras.utils.set_random_seed(0)
    inputs = keras.Input((6,))
    dense = keras.layers.Dense(4, dtype=policy)
    embedder = keras.Model(inputs, dense(inputs), name="embedder")
    embedder.dtype_policy = keras.DTypePolicy(policy)
    recognizer = FaceRecognizer(embedder, head)
    optimizer = optimizer or keras.optimizers.SGD(0.01, momentum=0.9)
    recognizer.compile(optimizer, **compile_with)
    return recognizer


def make_faces():
    random = np.random.default_rng(0)
    x = random.normal(size=(20, 6)).astype("float32")
    return x, random.integers(0, 5, 20).astype("int32")


def seen_by(head, steps=10):
    return ops.convert_to_numpy(head.seen)[:steps] / 1e6


@pytest.mark.parametrize(
    ("schedule", "expected", "jit_compile"),
    [
        (GROWING, LINE, keras.backend.backend() != "torch"),
        (STEPWISE, [1.0] * 3 + [1.1] * 4 + [1.2] * 3, False),
        (
            schedules.CosineDecay(1.0, 4, alpha=1.4),
            [1.0, 1.2 - 0.2 * 0.5**0.5, 1.2, 1.2 + 0.2 * 0.5**0.5] + [1.4] * 6,
            False,
        ),
    ],
)
def test_every_step_has_its_number(schedule, expected, jit_compile):
    recognizer = make_recognizer(
        RecordingHead(5, margin=schedule), jit_compile=jit_compile
    )
    recognizer.fit(*make_faces(), epochs=2, **FIT)
    head = recognizer.head
    np.testing.assert_allclose(seen_by(head), expected, rtol=1e-6)
    assert int(head.steps) == 10
    assert head.margin == pytest.approx(expected[-1])


def accumulating():
    optimizer = keras.optimizers.SGD(0.01, gradient_accumulation_steps=5)
    return make_recognizer(
        RecordingHead(5, margin=GROWING), optimizer=optimizer
    )


def many_steps_per_call():
    return make_recognizer(
        RecordingHead(5, margin=GROWING), steps_per_execution=4
    )


def overflowing():
    """The loss scale skips the first steps, whose gradients are infinite."""
    optimizer = keras.optimizers.LossScaleOptimizer(
        keras.optimizers.SGD(0.01), initial_scale=2.0**40
    )
    return make_recognizer(
        RecordingHead(5, margin=GROWING), "mixed_float16", optimizer
    )


@on_tensorflow
@pytest.mark.parametrize(
    "make", [accumulating, many_steps_per_call, overflowing]
)
def test_a_step_is_a_batch_whatever_becomes_of_it(make):
    recognizer = make()
    before = recognizer.embedder.get_weights()[0]
    x, y = make_faces()
    recognizer.fit(x[:4], y[:4], epochs=1, **FIT)
    moved = np.abs(recognizer.embedder.get_weights()[0] - before).max() > 0
    assert moved == (make is many_steps_per_call)
    recognizer.fit(x, y, epochs=2, **FIT)
    expected = [*LINE, 1.4]
    np.testing.assert_allclose(seen_by(recognizer.head, 11), expected, 1e-6)


def test_only_training_counts():
    head = heads.ArcFaceHead(5, margin=STEPWISE)
    recognizer = make_recognizer(head)
    x, y = make_faces()
    recognizer.evaluate(x, y, verbose=0)
    recognizer.predict(x, verbose=0)
    head(ops.ones((2, 4)), np.int32([0, 1]))
    assert (int(head.steps), head.margin) == (0, 1.0)
    recognizer.fit(x, y, **FIT)
    assert (int(head.steps), head.margin) == (5, 1.1)


def test_training_and_evaluation_feel_it():
    """The third step, at margin 2, is that of a head made with margin 2."""
    jump = schedules.PiecewiseConstantDecay([1], [1.5, 2.0])
    scheduled = make_recognizer(heads.SphereFaceHead(5, margin=jump))
    fixed = make_recognizer(heads.SphereFaceHead(5, margin=1.5))
    x, y = make_faces()
    for model in (scheduled, fixed):
        model.fit(x[:8], y[:8], **FIT)
    fixed.head.margin = 2.0
    for model in (scheduled, fixed):
        model.fit(x, y, **FIT)
    np.testing.assert_allclose(
        scheduled.evaluate(x, y, verbose=0), fixed.evaluate(x, y, verbose=0)
    )
    for a, b in zip(
        scheduled.embedder.get_weights(),
        fixed.embedder.get_weights(),
        strict=True,
    ):
        np.testing.assert_allclose(a, b, rtol=1e-6)


def test_a_functional_model_counts_too():
    embeddings, labels = keras.Input((6,)), keras.Input((), dtype="int32")
    head = heads.ArcFaceHead(
        5, margin=schedules.PolynomialDecay(0.0, 10, 0.5), scale=16.0
    )
    model = keras.Model([embeddings, labels], head(embeddings, labels))
    model.compile(
        "sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    )
    x, y = make_faces()
    model.fit([x, y], y, **FIT)
    assert head.margin == 0.25


@pytest.mark.parametrize(
    ("name", "kwargs"),
    [
        ("spherefacer", {"normalization": "soft", "scale": 4.0}),
        ("adaface", {"scale": schedules.PolynomialDecay(8.0, 9, 9.0)}),
        pytest.param("curricularface", {"scale": 8.0}, marks=pytest.mark.slow),
        pytest.param(
            "elastic_cosface",
            {"scale": 8.0, "class_chunk": 2},
            marks=pytest.mark.slow,
        ),
    ],
)
def test_a_resumed_run_equals_one_that_was_not_stopped(name, kwargs, tmp_path):
    """Weights, steps, statistics and draws, to the last bit."""
    x, y = make_faces()
    growing = schedules.PolynomialDecay(1.0, 17, 1.4)

    def make():
        return make_recognizer(heads.get(name, 5, margin=growing, **kwargs))

    whole = make()
    whole.fit(x, y, epochs=4, **FIT)
    stopped = make()
    stopped.fit(x, y, epochs=2, **FIT)
    stopped.save(tmp_path / "stopped.keras")
    resumed = keras.saving.load_model(tmp_path / "stopped.keras")
    assert resumed.head.margin == stopped.head.margin
    resumed.fit(x, y, epochs=4, initial_epoch=2, **FIT)
    assert resumed.head.margin == whole.head.margin == 1.4
    for a, b in zip(whole.variables, resumed.variables, strict=True):
        np.testing.assert_array_equal(
            *(ops.convert_to_numpy(v) for v in (a, b)), err_msg=a.path
        )


def test_a_config_holds_the_schedule():
    head = heads.ArcFaceHead(5, margin=STEPWISE, scale=GROWING)
    config = heads.ArcFaceHead.from_config(head.get_config()).get_config()
    assert config == head.get_config()
    assert config["margin"]["class_name"] == "PiecewiseConstantDecay"
    copy = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(head)
    )
    copy.build((None, 4))
    copy.steps.assign(8)
    assert (copy.margin, copy.scale) == (1.2, 1.4)


def test_wrong_use_is_named():
    falling = schedules.PolynomialDecay(1.4, 50, 0.5)
    with pytest.raises(ValueError, match=r"`margin`.*step 100.*at least 1.*0"):
        heads.SphereFaceHead(5, margin=falling)
    head = heads.SphereFaceHead(5, margin=GROWING)
    head.margin = 1.3  # not built yet
    head.margin = GROWING
    head.build((None, 4))
    with pytest.raises(ValueError, match=r"`margin` has a schedule.*=1\.3"):
        head.margin = 1.3
    with pytest.raises(ValueError, match=r"`scale` takes a schedule in the"):
        head.scale = GROWING
    with pytest.raises(ValueError, match=r"`margin` must be a number: a loss"):
        MarginLoss(heads.SphereFaceHead(5, margin=GROWING))
    with pytest.raises(ValueError, match=r"`margin`.*must be a number"):
        heads.SphereFaceHead(5, margin=keras.initializers.Ones())
