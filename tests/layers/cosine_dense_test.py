import keras
import numpy as np
import pytest
from gradients import value_and_gradients
from keras import ops

from keras_sphereface.layers import CosineDense


def make_layer(centers):
    layer = CosineDense(centers.shape[1])
    layer.build((None, centers.shape[0]))
    layer.centers.assign(centers)
    return layer


def test_cosines_equal_a_float64_loop():
    random = np.random.default_rng(0)
    centers = random.normal(size=(7, 4)).astype("float32")
    embeddings = 5 * random.normal(size=(6, 7)).astype("float32")
    cosines = ops.convert_to_numpy(make_layer(centers)(embeddings))
    for i, x in enumerate(embeddings.astype("float64")):
        for j, w in enumerate(centers.T.astype("float64")):
            expected = x @ w / np.sqrt(sum(x * x)) / np.sqrt(sum(w * w))
            assert cosines[i, j] == pytest.approx(expected, abs=1e-6)


def test_a_zero_embedding_has_cosine_0_and_no_gradient():
    centers = np.random.default_rng(0).normal(size=(3, 4)).astype("float32")
    layer = make_layer(centers)
    embeddings = keras.Variable(np.float32([[0, 0, 0], [1, 2, 3]]))
    total, gradients = value_and_gradients(
        lambda: ops.sum(layer(ops.convert_to_tensor(embeddings))[:, 0]),
        [embeddings, layer.centers],
    )
    assert np.isfinite(total)
    assert np.isfinite(gradients[1]).all()
    np.testing.assert_array_equal(gradients[0][0], 0)
    assert np.abs(gradients[0][1]).max() > 0.01


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_stays_float32_under_mixed_precision(policy):
    keras.config.set_dtype_policy(policy)
    try:
        layer = CosineDense(4)
        cosines = layer(ops.cast(np.ones((2, 3)), policy[6:]))
    finally:
        keras.config.set_dtype_policy("float32")
    assert keras.backend.standardize_dtype(cosines.dtype) == "float32"
    assert layer.centers.dtype == "float32"


def test_saves_and_loads_without_custom_objects(tmp_path):
    inputs = keras.Input((5,))
    model = keras.Model(inputs, CosineDense(3, name="cosines")(inputs))
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    x = np.random.default_rng(0).normal(size=(4, 5)).astype("float32")
    assert loaded.get_layer("cosines").num_classes == 3
    np.testing.assert_array_equal(
        loaded.predict(x, verbose=0), model.predict(x, verbose=0)
    )


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: CosineDense(0), r"`num_classes`.*at least 1.*num_classes=0"),
        (lambda: CosineDense(3, dtype="float16"), r"`dtype`.*float32.*float16"),
        (lambda: CosineDense(3).build((2, 4, 4)), r"`embeddings`.*\(2, 4, 4\)"),
    ],
)
def test_wrong_use_is_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()
