import json
import types
import warnings

import keras
import numpy as np
import pytest
from replicas import on_tensorflow, run_replicas

from keras_sphereface import heads
from keras_sphereface.callbacks import TrainingAlarm
from keras_sphereface.layers import CosineDense
from keras_sphereface.losses import ArcFaceLoss
from keras_sphereface.models import FaceRecognizer

HEAD = heads.get("arcface", 206, detach=False)


class Course:
    """A stand-in for a model, whose every step has the numbers given.

    Args:
        numbers: function from the step, counted from 1 through all epochs, to
            a dict of what the model measures there.
    """

    def __init__(self, numbers, steps_per_execution=1):
        self.numbers = numbers
        self.layers = [HEAD]
        self.optimizer = types.SimpleNamespace(learning_rate=np.float32(0.1))
        self.steps_per_execution = steps_per_execution
        self.looks = []

    def get_metrics_result(self):
        steps = range(self.epoch_start + 1, self.step + 1)
        rows = [self.numbers(step) for step in steps]
        self.looks.append(self.step)
        return {name: np.mean([row[name] for row in rows]) for name in rows[0]}

    def train(self, alarm, steps, epochs=(0,), first=0, knows_steps=True):
        """Calls the alarm as `fit` does; the first epoch lacks some steps."""
        alarm.set_model(self)
        rest = steps - first
        alarm.set_params({"steps": rest if knows_steps else None})
        alarm.on_train_begin()
        for epoch in epochs:
            self.epoch_start = steps * epoch
            alarm.on_epoch_begin(epoch)
            for batch in range(0, rest, self.steps_per_execution):
                self.step = self.epoch_start + first + batch
                alarm.on_train_batch_begin(batch)
            self.step = self.epoch_start + steps
            alarm.on_epoch_end(epoch, self.get_metrics_result())
        return alarm


def turned(*away):
    """Angles of 90 degrees, but 120 at the steps within the ranges."""

    def numbers(step):
        is_away = any(step in each for each in away)
        return {"loss": 5.0, "target_angle": 120.0 if is_away else 90.0}

    return numbers


def said_by(course, alarm=None, **kwargs):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        alarm = course.train(alarm or TrainingAlarm(100), **kwargs)
    for warning, said in zip(caught, alarm.said, strict=True):
        when = f"Epoch {said['epoch']}, step {said['step']}: "
        assert str(warning.message) == when + said["text"]
    return [(each["epoch"], each["step"], each["kind"]) for each in alarm.said]


def test_it_looks_every_so_many_steps_and_after_an_epoch():
    course = Course(turned())
    assert said_by(course, steps=250, epochs=(0, 1)) == []
    # At the end of an epoch Keras has read the numbers anyway.
    assert course.looks == [100, 200, 250, 350, 450, 500]
    course = Course(turned())
    alarm = TrainingAlarm(every_steps=40)
    assert said_by(course, alarm, steps=30, epochs=(0, 1, 2)) == []
    assert course.looks == [30, 60, 90]


def test_it_leaves_steps_to_run_ahead():
    # Keras reads the logs of each step for a callback that has this method.
    method = TrainingAlarm.on_train_batch_end
    assert method is keras.callbacks.Callback.on_train_batch_end


def test_it_speaks_within_an_epoch_and_once():
    course = Course(turned(range(301, 10_000)))
    # The mean of all of the epoch would be 97 degrees then.
    assert said_by(course, steps=1000) == [(1, 400, "angles")]


def test_in_short_epochs_it_speaks_in_the_second():
    course = Course(turned(range(10_000)))
    said = said_by(course, steps=40, epochs=(0, 1, 2))
    assert said == [(2, 80, "angles")]


def test_what_went_away_and_came_back_is_said_again():
    short = Course(turned(range(101, 201), range(601, 1000)))
    assert said_by(short, steps=1000) == [(1, 200, "angles")]
    long = Course(turned(range(101, 201), range(701, 1000)))
    said = [(1, 200, "angles"), (1, 800, "angles")]
    assert said_by(long, steps=1000) == said


@pytest.mark.parametrize("knows_steps", [True, False])
def test_steps_may_run_several_at_a_time(knows_steps):
    # Looks at 120 and 240; in between a third of the steps have 120 degrees.
    course = Course(turned(range(201, 10_000)), steps_per_execution=30)
    said = said_by(course, steps=400, epochs=(0, 1), knows_steps=knows_steps)
    assert said == [(1, 240, "angles")]
    assert course.looks[:4] == [120, 240, 360, 400]


def test_a_new_run_starts_anew():
    alarm = TrainingAlarm(100)
    first = said_by(Course(turned(range(101, 10_000))), alarm, steps=300)
    assert first == [(1, 200, "angles")]
    again = said_by(Course(turned(range(201, 10_000))), alarm, steps=300)
    assert again == [(1, 300, "angles")]


@pytest.mark.parametrize("stop", [0, 130, 200, 260, 399])
def test_a_resumed_run_says_what_it_would_have(stop):
    numbers = turned(range(330, 10_000))
    whole = TrainingAlarm()
    said_by(Course(numbers), whole, steps=400, epochs=(0, 1, 2))
    killed = Course(numbers)
    alarm = TrainingAlarm()
    said_by(killed, alarm, steps=400)
    alarm.on_epoch_begin(1)
    killed.epoch_start = 400
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for batch in range(stop):
            killed.step = 400 + batch
            alarm.on_train_batch_begin(batch)
    state = json.loads(json.dumps(alarm.state()))

    resumed = Course(numbers)
    said = TrainingAlarm()
    said.restore(state, stop)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        resumed.train(said, 400, epochs=(1,), first=stop)
        resumed.train(said, 400, epochs=(2,))
    assert said.said == whole.said
    assert said.state() == whole.state()


def make_faces(count=64, classes=8, noise=1.0):
    random = np.random.default_rng(0)
    y = (np.arange(count) % classes).astype("int32")
    x = random.normal(size=(classes, 16))[y]
    x += noise * random.normal(size=(count, 16))
    return x.astype("float32"), y


def make_embedder():
    inputs = keras.Input((16,))
    return keras.Model(inputs, keras.layers.Dense(8)(inputs))


def make_recognizer(
    classes=8, learning_rate=0.05, kind=FaceRecognizer, **kwargs
):
    keras.utils.set_random_seed(0)
    head = heads.get("arcface", classes, **kwargs)
    recognizer = kind(make_embedder(), head)
    recognizer.compile(keras.optimizers.SGD(learning_rate))
    return recognizer


def fit(model, x, *y, **kwargs):
    alarm = TrainingAlarm(every_steps=20)
    kwargs = {"batch_size": 8, "epochs": 4, "verbose": 0, **kwargs}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model.fit(x, *y, callbacks=[alarm], **kwargs)
    spoken = [each for each in caught if str(each.message).startswith("Epoch")]
    assert len(spoken) == len(alarm.said)
    return {each["kind"]: each for each in alarm.said}


def test_a_loss_that_is_not_finite_is_said_of_any_model():
    x, y = make_faces()
    recognizer = make_recognizer(learning_rate=1e38)
    said = fit(recognizer, x, y)["loss"]
    assert said["step"] == 8
    assert "from a step between 1 and 8 on: lower" in said["text"]
    assert "lower the learning rate, 1e+38" in said["text"]
    # All but a few steps.
    assert 32 <= int(said["text"].split(" ")[3]) <= 64

    cosine = keras.Sequential([make_embedder(), CosineDense(8)])
    cosine.compile(keras.optimizers.SGD(1e38), ArcFaceLoss())
    assert "[0, num_classes)" in fit(cosine, x, y)["loss"]["text"]

    labels = keras.Input((), dtype="int32")
    embedder, head = make_embedder(), heads.get("arcface", 8)
    logits = head(embedder.output, labels)
    functional = keras.Model([embedder.input, labels], logits)
    functional.compile(
        keras.optimizers.SGD(1e38),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    assert "[0, 8)" in fit(functional, [x, y], y)["loss"]["text"]


class Batches(keras.utils.PyDataset):
    """Batches of 8."""

    def __init__(self, x, y):
        super().__init__()
        self.x, self.y = x, y

    def __len__(self):
        return len(self.x) // 8

    def __getitem__(self, index):
        rows = slice(8 * index, 8 * index + 8)
        return self.x[rows], self.y[rows]


class Unchecked(FaceRecognizer):
    """Trains on what no one has looked at, as a loop of one's own may."""

    fit = keras.Model.fit


@on_tensorflow
def test_labels_that_xla_cannot_refuse_are_counted():
    x, y = make_faces()
    y[[20, 37]] = 8, -3
    recognizer = make_recognizer(kind=Unchecked)
    recognizer.compile("sgd", jit_compile=True)
    data = Batches(x, y)
    said = fit(recognizer, data, batch_size=None, epochs=2)
    assert list(said) == ["loss"]
    assert "as 2 labels so far" in said["loss"]["text"]
    assert "are outside [0, 8)" in said["loss"]["text"]
    # After a validation the metrics are those of its faces.
    recognizer = make_recognizer(kind=Unchecked)
    recognizer.compile("sgd", jit_compile=True)
    said = fit(
        recognizer,
        data,
        batch_size=None,
        epochs=1,
        validation_data=make_faces(),
    )
    assert "look for labels outside [0, 8)" in said["loss"]["text"]


def test_embeddings_that_turn_away_are_named_and_their_twin_is_silent():
    faces = make_faces(256, 32, noise=2.0)
    head = {"scale": 64.0, "margin": 1.0}
    length = {"batch_size": 16, "epochs": 6}
    collapses = make_recognizer(32, detach=False, **head)
    said = fit(collapses, *faces, **length)
    assert list(said) == ["angles"]
    assert "take detach=True" in said["angles"]["text"]
    assert fit(make_recognizer(32, detach=True, **head), *faces, **length) == {}


@on_tensorflow
@pytest.mark.slow
def test_replicas_are_watched_together():
    program = """
from keras_sphereface.callbacks import TrainingAlarm

x = np.random.default_rng(0).normal(size=(64, 16)).astype("float32")
y = np.arange(64, dtype="int32") % 8
results = []
for learning_rate in (0.001, 1e38):
    with strategy.scope():
        inputs = keras.Input((16,))
        embedder = keras.Model(inputs, keras.layers.Dense(8)(inputs))
        model = ks.FaceRecognizer(embedder, ks.heads.get("arcface", 8))
        model.compile(keras.optimizers.SGD(learning_rate))
    alarm = TrainingAlarm(every_steps=3)
    model.fit(x, y, batch_size=16, epochs=2, callbacks=[alarm], verbose=0)
    epochs = alarm.state()["epochs"]
    results.append([alarm.said, epochs, model.count_faults()])
print(json.dumps(results))
"""
    (said, epochs, faults), broken = run_replicas(2, program)
    assert said == []
    assert [epoch[1] for epoch in epochs] == [4, 8]
    assert faults == {"non_finite_losses": 0, "wrong_labels": 0}
    said, _, faults = broken
    assert [each["kind"] for each in said] == ["loss"]
    assert faults["non_finite_losses"] == 64
