import keras
import numpy as np
import pytest
from keras import ops

from keras_sphereface.heads import Hyperparameter, MarginHead, TargetMarginHead
from keras_sphereface.ops import Margin


@keras.saving.register_keras_serializable("target_margin_head_test")
def linear_margin(cos_theta, *, margin):
    return cos_theta - margin * (1 - cos_theta)


@keras.saving.register_keras_serializable("target_margin_head_test")
class LinearHead(MarginHead):
    margin = Hyperparameter(at_least=0.0)
    scale = Hyperparameter(above=0.0)

    def __init__(self, num_classes, margin=0.3, scale=20.0, **kwargs):
        super().__init__(num_classes, **kwargs)
        self.margin = margin
        self.scale = scale

    def class_margin(self, norms, training):
        return Margin(lambda cos: cos - self.margin * (1 - cos))


@pytest.mark.parametrize(
    "make",
    [
        lambda: TargetMarginHead(4, linear_margin, margin=0.3, scale=20.0),
        lambda: LinearHead(4),
    ],
)
def test_a_margin_of_ones_own_computes_saves_and_loads(make, tmp_path):
    embeddings, labels = keras.Input((7,)), keras.Input((), dtype="int32")
    head = make()
    model = keras.Model([embeddings, labels], head(embeddings, labels))
    random = np.random.default_rng(0)
    x = random.normal(size=(6, 7)).astype("float32")
    y = np.array([0, 1, 2, 3, 0, 1], "int32")
    logits = ops.convert_to_numpy(model([x, y]))
    w = ops.convert_to_numpy(head.centers).astype("float64")
    for i, row in enumerate(x.astype("float64")):
        for j in range(4):
            cosine = row @ w[:, j] / np.linalg.norm(row)
            cosine /= np.linalg.norm(w[:, j])
            value = cosine - 0.3 * (1 - cosine) if j == y[i] else cosine
            assert logits[i, j] == pytest.approx(20 * value, abs=1e-4)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(ops.convert_to_numpy(loaded([x, y])), logits)


def test_a_head_without_a_margin_says_what_it_takes():
    with pytest.raises(TypeError, match="margin_function"):
        TargetMarginHead(4)
    with pytest.raises(ValueError, match=r"`margin_function`.*'cosface'"):
        TargetMarginHead(4, "cosface")
