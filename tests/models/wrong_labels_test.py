"""A label that cannot be never trains: an error, or a loss of NaN."""

import keras
import numpy as np
import pytest
from keras import ops

from keras_sphereface.heads import ArcFaceHead, CurricularFaceHead, UniFaceHead
from keras_sphereface.layers import CosineDense
from keras_sphereface.losses import ArcFaceLoss, PrecomputedLoss
from keras_sphereface.models import FaceRecognizer

NUM_CLASSES = 10
BAD = {"one too many": 10, "negative": -1, "wraps": 2**32 + 3}
HEADS = {
    "dense": lambda: ArcFaceHead(NUM_CLASSES),
    "chunked": lambda: ArcFaceHead(NUM_CLASSES, class_chunk=4),
    "sampled": lambda: ArcFaceHead(NUM_CLASSES, sample_rate=0.9),
    "sub-centers": lambda: ArcFaceHead(NUM_CLASSES, sub_centers=2),
    "rows": lambda: CurricularFaceHead(NUM_CLASSES),
    "binary": lambda: UniFaceHead(NUM_CLASSES),
}
# XLA compiles for seconds: one of each is enough when time is short.
BAD_AND_SLOW = [
    pytest.param(bad, id=name, marks=() if bad == 10 else pytest.mark.slow)
    for name, bad in BAD.items()
]


def first_of(*kinds):
    return [
        kinds[0],
        *(pytest.param(k, marks=pytest.mark.slow) for k in kinds[1:]),
    ]


on_tensorflow = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="reads tf.data"
)


def make_model(kind, jit_compile):
    keras.utils.set_random_seed(0)
    inputs = keras.Input((6,))
    features = keras.layers.Dense(4)(inputs)
    if kind.startswith("functional"):
        is_jax = keras.backend.backend() == "jax"
        labels = keras.Input((), dtype="int32" if is_jax else "int64")
        head = HEADS[kind.split()[1]]()
        model = keras.Model([inputs, labels], head(features, labels))
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(
            "sgd",
            PrecomputedLoss() if head.is_streamed else loss,
            jit_compile=jit_compile,
        )
        return model
    if kind == "loss":
        model = keras.Model(inputs, CosineDense(NUM_CLASSES)(features))
        model.compile("sgd", ArcFaceLoss(), jit_compile=jit_compile)
        return model
    model = FaceRecognizer(keras.Model(inputs, features), HEADS[kind]())
    model.compile("sgd", jit_compile=jit_compile)
    return model


def make_batch(bad, kind="dense"):
    random = np.random.default_rng(0)
    x = random.normal(size=(8, 6)).astype("float32")
    y = random.integers(0, NUM_CLASSES, 8)
    y[5] = bad
    return ((x, y) if kind.startswith("functional") else x), y


@on_tensorflow
@pytest.mark.parametrize("bad", BAD_AND_SLOW)
@pytest.mark.parametrize(
    "kind", first_of("loss", "functional dense", "functional chunked")
)
def test_a_step_that_xla_compiles_has_a_loss_of_nan(kind, bad):
    import tensorflow as tf

    data = tf.data.Dataset.from_tensors(make_batch(bad, kind))
    model = make_model(kind, jit_compile=True)
    loss = model.fit(data, shuffle=False, verbose=0).history["loss"][0]
    assert np.isnan(loss)


@on_tensorflow
@pytest.mark.parametrize("kind", first_of(*HEADS))
def test_losses_of_a_compiled_head_are_nan_for_a_wrong_label_alone(kind):
    import tensorflow as tf

    head = HEADS[kind]()
    head.build((None, 6))
    x, y = make_batch(10)
    step = tf.function(
        lambda x, y: head.compute_outputs(x, y, True).losses, jit_compile=True
    )
    wrong = np.isnan(step(x, y).numpy())
    np.testing.assert_array_equal(np.flatnonzero(wrong), [5])


@on_tensorflow
@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
@pytest.mark.parametrize("kind", first_of("dense", "chunked", "sampled"))
def test_a_recognizer_raises_with_xla_and_without(kind, bad, jit_compile):
    import tensorflow as tf

    data = tf.data.Dataset.from_tensors(make_batch(bad))
    model = make_model(kind, jit_compile=jit_compile)
    before = [ops.convert_to_numpy(w) for w in model.trainable_weights]
    with pytest.raises(tf.errors.InvalidArgumentError, match="`labels` must"):
        model.fit(data, shuffle=False, verbose=0)
    for a, b in zip(before, model.trainable_weights, strict=True):
        np.testing.assert_array_equal(a, ops.convert_to_numpy(b))


@on_tensorflow
@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
@pytest.mark.parametrize("kind", ["functional dense", "loss"])
def test_another_model_raises_without_xla(kind, bad):
    import tensorflow as tf

    data = tf.data.Dataset.from_tensors(make_batch(bad, kind))
    model = make_model(kind, jit_compile=False)
    with pytest.raises(tf.errors.InvalidArgumentError, match="must be in"):
        model.fit(data, shuffle=False, verbose=0)


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_an_array_is_refused_before_it_trains(bad):
    model = make_model("dense", jit_compile="auto")
    with pytest.raises(ValueError, match=rf"`labels`.*Received: \[{bad}\]"):
        model.fit(*make_batch(bad), verbose=0)


# JAX has no int64: what a plain model gets there was wrapped before it came.
EVERYWHERE = [
    pytest.param(
        kind,
        BAD[name],
        jit_compile,
        id=f"{kind}-{name}-{jit_compile}",
        marks=pytest.mark.skipif(
            keras.backend.backend() == "jax"
            and (name == "wraps" and kind not in HEADS),
            reason="JAX has no int64",
        ),
    )
    for kind, name, jit_compile in [
        ("dense", "one too many", True),
        ("chunked", "negative", True),
        ("sampled", "wraps", False),
        ("rows", "wraps", True),
        ("binary", "one too many", False),
        ("functional dense", "one too many", True),
        ("functional dense", "wraps", False),
        ("functional chunked", "negative", False),
        ("functional chunked", "wraps", False),
        ("loss", "negative", True),
        ("loss", "one too many", False),
        ("loss", "wraps", False),
    ]
]


@pytest.mark.parametrize(("kind", "bad", "jit_compile"), EVERYWHERE)
def test_on_no_backend_is_a_wrong_label_a_finite_loss(kind, bad, jit_compile):
    if keras.backend.backend() == "torch":
        jit_compile = False  # `torch.compile` is not what Keras picks there
    model = make_model(kind, jit_compile)
    x, y = make_batch(bad, kind)
    said = "a loss: `labels` must"
    try:
        loss = model.fit(x, y, shuffle=False, verbose=0).history["loss"][0]
    except Exception as error:
        loss, said = np.nan, str(error)
    assert np.isnan(loss)
    assert "must be in" in said or "`labels` must" in said


@on_tensorflow
@pytest.mark.parametrize(
    "kind", first_of("dense", "sampled", "functional dense", "loss")
)
def test_right_labels_train_under_xla(kind):
    import tensorflow as tf

    data = tf.data.Dataset.from_tensors(make_batch(0, kind))
    model = make_model(kind, jit_compile=True)
    assert np.isfinite(
        model.fit(data, shuffle=False, verbose=0).history["loss"][0]
    )
