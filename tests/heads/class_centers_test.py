"""How centers are held, checked and saved; heads only add a formula."""

import keras
import numpy as np
import pytest
from keras import ops

from keras_sphereface import heads
from keras_sphereface.heads.class_centers import ClassCenters
from keras_sphereface.models import FaceRecognizer

ON_TENSORFLOW = keras.backend.backend() == "tensorflow"


def cosine_loop(embeddings, centers):
    """Cosines to the nearest center of each class, in float64."""
    embeddings = np.asarray(embeddings, "float64")
    centers = np.asarray(centers, "float64")
    if centers.ndim == 2:
        centers = centers[:, :, None]
    result = np.zeros((len(embeddings), centers.shape[1]))
    for i, x in enumerate(embeddings):
        for j in range(centers.shape[1]):
            cosines = []
            for k in range(centers.shape[2]):
                norms = np.linalg.norm(x) * np.linalg.norm(centers[:, j, k])
                cosines.append(x @ centers[:, j, k] / norms if norms else 0.0)
            result[i, j] = max(cosines)
    return result


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
@pytest.mark.parametrize("sub_centers", [1, 3])
def test_cosines_are_those_of_a_float64_loop(sub_centers, dtype):
    random = np.random.default_rng(0)
    layer = heads.get("cosface", 5, sub_centers=sub_centers)
    layer.build((None, 4))
    centers = random.normal(size=layer.centers.shape).astype("float32")
    centers[:, 2] = 0
    layer.centers.assign(centers)
    embeddings = ops.cast(3 * random.normal(size=(6, 4)), dtype)
    cosines, norms = layer.cosines(embeddings)
    # What the rounding to 16 bits left of them.
    embeddings = ops.convert_to_numpy(ops.cast(embeddings, "float32"))
    np.testing.assert_allclose(
        ops.convert_to_numpy(cosines),
        cosine_loop(embeddings, centers),
        atol=1e-6,
    )
    np.testing.assert_allclose(
        ops.convert_to_numpy(norms)[:, 0],
        np.linalg.norm(embeddings, axis=1),
        rtol=1e-6,
    )
    assert keras.backend.standardize_dtype(cosines.dtype) == "float32"


@pytest.mark.parametrize("sub_centers", [1, 3])
def test_norms_start_at_one_on_average(sub_centers):
    keras.utils.set_random_seed(0)
    layer = ClassCenters(200, sub_centers=sub_centers)
    layer.build((None, 64))
    centers = ops.convert_to_numpy(layer.centers)
    norms = np.linalg.norm(centers.reshape(64, -1), axis=0)
    # 1 / sqrt(128) is the deviation of one norm, 200 of them are averaged.
    assert np.mean(norms) == pytest.approx(1.0, abs=4 / np.sqrt(128 * 200))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"num_classes": 0}, "`num_classes` must be an integer of at least 1"),
        ({"num_classes": 2.0}, "`num_classes` must be an integer of at leas"),
        ({"sub_centers": 0}, "`sub_centers` must be an integer of at least 1"),
        ({"sample_seed": 0.5}, "`sample_seed` must be an integer"),
        ({"dtype": "float16"}, "`dtype` must be 'float32'"),
        ({"dtype": "mixed_float16"}, "`dtype` must be 'float32'"),
        ({"class_chunk": 0}, "`class_chunk` must be None, 'auto' or an integ"),
        ({"class_chunk": "all"}, "`class_chunk` must be None, 'auto' or an "),
        ({"sample_rate": 0}, r"`sample_rate` must be in \(0, 1\]"),
        ({"sample_rate": float("nan")}, "`sample_rate` must be a number in"),
        ({"sample_rate": 1.01}, r"`sample_rate` must be in \(0, 1\]"),
        (
            {"sub_centers": 2, "class_chunk": 4},
            "`class_chunk` must be left out.*sub_centers=2.*class_chunk=4",
        ),
        (
            {"sub_centers": 2, "sample_rate": 0.5},
            r"`sample_rate` must be left out.*sub_centers=2.*sample_rate=0\.5",
        ),
    ],
)
def test_wrong_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        ClassCenters(**{"num_classes": 3, **arguments})


@pytest.mark.parametrize("shape", [(4,), (None, 2, 4), (None, None)])
def test_embeddings_of_another_rank_are_named(shape):
    with pytest.raises(ValueError, match=r"`embeddings` must have shape"):
        ClassCenters(3).build(shape)


def save_and_load(layer, other):
    store = {}
    layer.save_own_variables(store)
    other.load_own_variables(store)
    return store


@pytest.mark.parametrize("paddings", [(0, 0), (2, 0), (0, 2), (3, 1)])
def test_padding_is_not_saved_and_comes_back_as_zeros(paddings, monkeypatch):
    layers = []
    for padding in paddings:
        monkeypatch.setattr(
            "keras_sphereface.heads.class_centers.count_class_shards",
            lambda padding=padding: 6 + padding,
        )
        layer = heads.get("cosface", 6, sample_rate=0.5)
        layer.build((None, 4))
        assert layer.padding == padding
        assert layer.centers.shape == (4, 6 + padding)
        layers.append(layer)
    first, second = layers
    first.sample_draws.assign(7)
    store = save_and_load(first, second)
    assert (4, 6) in [array.shape for array in store.values()]
    centers = ops.convert_to_numpy(second.centers)
    np.testing.assert_array_equal(
        centers[:, :6], ops.convert_to_numpy(first.centers)[:, :6]
    )
    np.testing.assert_array_equal(centers[:, 6:], 0)
    assert int(second.sample_draws) == 7


def fit(class_chunk, jit_compile):
    keras.utils.set_random_seed(0)
    inputs = keras.Input((5,))
    embedder = keras.Model(inputs, keras.layers.Dense(4)(inputs))
    head = heads.get("cosface", 129, class_chunk=class_chunk)
    recognizer = FaceRecognizer(embedder, head)
    recognizer.compile("sgd", jit_compile=jit_compile)
    faces = np.random.default_rng(0).normal(size=(4, 5)).astype("float32")
    history = recognizer.fit(faces, np.arange(4), 4, verbose=0).history
    return recognizer.jit_compile, history["loss"][0]


@pytest.mark.slow
@pytest.mark.skipif(not ON_TENSORFLOW, reason="others compile any loop")
def test_more_chunks_than_xla_compiles_are_not_compiled_with_it():
    for class_chunk in ("auto", 40, None):
        assert heads.get("cosface", 129, class_chunk=class_chunk).supports_jit
    with pytest.warns(UserWarning, match="Proceeding with `jit_compile=False`"):
        is_compiled, many = fit(1, jit_compile=True)
    assert not is_compiled
    _, few = fit(40, jit_compile=False)
    assert many == pytest.approx(few, rel=1e-5)
