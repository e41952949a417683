import keras
import numpy as np
import pytest
from keras import ops

from keras_sphereface.heads import Hyperparameter, MarginHead, SphereFaceRHead
from keras_sphereface.models import FaceRecognizer


def make_model():
    keras.utils.set_random_seed(0)
    embeddings, labels = keras.Input((6,)), keras.Input((), dtype="int32")
    head = SphereFaceRHead(5, variant="v1", margin=1.4, detach=False)
    return head, keras.Model([embeddings, labels], head(embeddings, labels))


def make_recognizer(**kwargs):
    keras.utils.set_random_seed(0)
    inputs = keras.Input((6,))
    embedder = keras.Model(inputs, keras.layers.Dense(4)(inputs))
    return FaceRecognizer(embedder, SphereFaceRHead(5, **kwargs))


def make_batch():
    random = np.random.default_rng(0)
    x = random.normal(size=(20, 6)).astype("float32")
    return x, random.integers(0, 5, 20).astype("int32")


def test_reads_as_the_number_that_was_given_before_and_after_build():
    head = SphereFaceRHead(5, margin=1.4, scale=30)
    assert (head.margin, head.scale) == (1.4, 30)
    assert type(head.margin) is float
    head.margin = 1.3
    head.build((None, 6))
    assert (head.margin, head.scale) == (1.3, 30)
    head.margin = 1.7
    assert (head.margin, f"{head.margin:.2f}") == (1.7, "1.70")


def test_is_a_weight_that_does_not_train():
    head, _ = make_model()
    names = [weight.name for weight in head.non_trainable_weights]
    assert names == ["margin", "scale", "norm_penalty_weight"]
    assert [weight.name for weight in head.trainable_weights] == ["centers"]


def test_a_compiled_step_sees_it_change():
    head, model = make_model()
    x, y = make_batch()
    before = model.predict([x, y], verbose=0)
    head.margin, head.scale = 1.8, 20.0
    after = model.predict([x, y], verbose=0)
    fresh = SphereFaceRHead(5, variant="v1", margin=1.8, scale=20.0)
    fresh.build((None, 6))
    fresh.centers.assign(head.centers)
    expected = ops.convert_to_numpy(fresh(x, y))
    np.testing.assert_allclose(after, expected, rtol=1e-5, atol=1e-5)
    assert np.abs(after - before).max() > 1


def test_a_recognizer_trains_with_the_changed_number():
    changed, fresh = make_recognizer(scale=30.0), make_recognizer(scale=8.0)
    x, y = make_batch()
    for model in (changed, fresh):
        model.compile(keras.optimizers.SGD(0.1))
    changed.evaluate(x, y, verbose=0)  # compiles a step with scale 30
    changed.head.scale = 8.0
    for model in (changed, fresh):
        model.fit(x, y, epochs=2, shuffle=False, verbose=0)
    for a, b in zip(changed.get_weights(), fresh.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6)


def test_is_saved_with_the_model_and_its_config_keeps_the_first(tmp_path):
    head, model = make_model()
    head.margin = 2.5
    assert head.get_config()["margin"] == 1.4
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    loaded_head = loaded.get_layer(head.name)
    assert loaded_head.margin == 2.5
    assert loaded_head.get_config() == head.get_config()
    x, y = make_batch()
    np.testing.assert_array_equal(
        loaded.predict([x, y], verbose=0), model.predict([x, y], verbose=0)
    )


@pytest.mark.parametrize("is_built", [True, False])
@pytest.mark.parametrize("value", [0.9, float("nan"), "large", None])
def test_a_wrong_number_is_named_and_changes_nothing(is_built, value):
    head = SphereFaceRHead(5, margin=1.4)
    if is_built:
        head.build((None, 6))
    with pytest.raises(ValueError, match=r"`margin` multiplies.*at least 1"):
        head.margin = value
    assert head.margin == 1.4


def test_bounds_are_in_the_message():
    class Head(MarginHead):
        share = Hyperparameter(above=0.0, below=1.0)
        weight = Hyperparameter()

    head = Head(5)
    with pytest.raises(ValueError, match=r"`share` must be in \(0, 1\)"):
        head.share = 1
    with pytest.raises(ValueError, match=r"`weight` must be a number.*'x'"):
        head.weight = "x"
    head.share = 0.5
    assert head.share == 0.5
    assert list(Head.hyperparameters()) == ["share", "weight"]
