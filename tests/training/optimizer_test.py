import keras
import numpy as np
import pytest

from keras_sphereface import heads, optimizers
from keras_sphereface.models import FaceRecognizer
from keras_sphereface.training import OptimizerConfig, build_optimizer


def test_weight_decay_is_that_of_pytorch_in_the_long_run():
    """Zero gradients, so that only decay moves the weight."""
    momentum, decay, rate = 0.9, 5e-3, 0.01
    config = OptimizerConfig(
        arguments={"momentum": momentum},
        learning_rate=rate,
        weight_decay=decay,
        warmup_epochs=0,
        final_fraction=1.0,
    )
    kernel = keras.Variable(np.ones(1, "float32"), name="kernel")
    optimizer = build_optimizer(config, steps_per_epoch=400, epochs=1)
    optimizer.build([kernel])
    weight, velocity = 1.0, 0.0
    for _ in range(400):
        optimizer.apply([np.zeros(1, "float32")], [kernel])
        # torch.optim.SGD: the decay joins the gradient before the momentum.
        velocity = momentum * velocity + decay * weight
        weight -= rate * velocity
    assert weight < 0.85
    assert float(kernel.value[0]) == pytest.approx(weight, abs=0.01)


@pytest.mark.parametrize("name", ["gamma", "beta", "bias", "alpha"])
def test_weight_decay_spares_norms_biases_and_slopes(name):
    weight = keras.Variable(np.ones(3, "float32"), name=name)
    kernel = keras.Variable(np.ones(3, "float32"), name="kernel")
    optimizer = build_optimizer(
        OptimizerConfig(warmup_epochs=0, weight_decay=0.1), 10, 1
    )
    optimizer.build([weight, kernel])
    zeros = np.zeros(3, "float32")
    optimizer.apply([zeros, zeros], [weight, kernel])
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(weight), 1)
    assert (keras.ops.convert_to_numpy(kernel) < 1).all()


def test_clipping_accumulation_and_average_reach_the_optimizer():
    config = OptimizerConfig(
        global_clipnorm=5.0, accumulation_steps=4, ema_momentum=0.99
    )
    optimizer = build_optimizer(config, 10, 2)
    assert optimizer.global_clipnorm == 5.0
    assert optimizer.gradient_accumulation_steps == 4
    assert optimizer.use_ema
    assert optimizer.ema_momentum == 0.99
    plain = build_optimizer(OptimizerConfig(), 10, 2)
    assert plain.gradient_accumulation_steps is None
    assert not plain.use_ema


SHAPES = {"kernel": (4, 3), "bias": (3,), "centers": (3, 2)}
# What the config adds to Keras's defaults, said in Keras's words.
ADDED = {
    "sgd": {"momentum": 0.9, "weight_decay": 0.01 / (1 - 0.9)},
    "muon": {"exclude_layers": ["centers"]},
}


@pytest.mark.parametrize("name", optimizers.names())
def test_every_optimizer_is_that_of_keras(name):
    config = OptimizerConfig(
        name,
        learning_rate=0.05,
        weight_decay=0.01,
        schedule="constant",
        warmup_epochs=0,
    )
    plain = optimizers.optimizer_class(name)(
        0.05, **{"weight_decay": 0.01, **ADDED.get(name, {})}
    )
    plain.exclude_from_weight_decay(var_names=["bias"])
    results = []
    for optimizer in (build_optimizer(config, 10, 1), plain):
        random = np.random.default_rng(0)
        weights = []
        for each, shape in SHAPES.items():
            start = random.normal(size=shape).astype("float32")
            weights.append(keras.Variable(start, name=each))
        for _ in range(3):
            gradients = [random.normal(size=w.shape) for w in weights]
            optimizer.apply(
                [keras.ops.convert_to_tensor(g, "float32") for g in gradients],
                weights,
            )
        results.append([keras.ops.convert_to_numpy(w) for w in weights])
    for own, expected in zip(*results, strict=True):
        np.testing.assert_allclose(own, expected, rtol=1e-5, atol=1e-6)


def take_a_step(config):
    """Weights by name before and after one step of `fit`."""
    keras.utils.set_random_seed(0)
    images = keras.Input((2, 2, 3))
    flat = keras.layers.Flatten()(keras.layers.Rescaling(1 / 255)(images))
    dense = keras.layers.Dense(4, bias_initializer="ones", name="neck_dense")
    embedder = keras.Model(images, dense(flat), name="embedder")
    recognizer = FaceRecognizer(embedder, heads.get("cosface", 6, scale=8.0))
    recognizer.compile(build_optimizer(config, 10, 1))

    def weights():
        return {
            weight.path.rsplit("/")[-1]: np.float64(
                keras.ops.convert_to_numpy(weight)
            )
            for weight in recognizer.trainable_variables
        }

    before, random = weights(), np.random.default_rng(0)
    recognizer.fit(
        random.uniform(0, 255, (8, 2, 2, 3)).astype("float32"),
        np.arange(8) % 6,
        batch_size=8,
        verbose=0,
    )
    return before, weights()


def orthogonal(matrix):
    """Newton-Schulz iterations of github.com/KellerJordan/Muon, in float64."""
    a, b, c = 3.4445, -4.7750, 2.0315
    is_tall = matrix.shape[0] > matrix.shape[1]
    x = matrix.T if is_tall else matrix
    x = x / np.linalg.norm(x)
    for _ in range(5):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.T if is_tall else x


def test_muon_turns_dense_kernels_and_leaves_centers_and_vectors_to_adamw():
    constant = {"schedule": "constant", "warmup_epochs": 0}
    sgd = OptimizerConfig(
        "sgd",
        {"momentum": 0.0},
        learning_rate=1.0,
        weight_decay=0.0,
        **constant,
    )
    start, moved = take_a_step(sgd)
    gradients = {name: start[name] - moved[name] for name in start}
    rate, decay, adam_decay = 0.02, 0.5, 0.25
    muon = OptimizerConfig(
        "muon",
        {"adam_weight_decay": adam_decay},
        learning_rate=rate,
        weight_decay=decay,
        **constant,
    )
    before, after = take_a_step(muon)

    # The first of Nesterov's momentum of 0.95, times the root of the longer
    # side and 0.2 (Liu et al., 2025).
    kernel, gradient = before["kernel"], gradients["kernel"]
    update = orthogonal(1.95 * gradient) * 0.2 * np.sqrt(max(kernel.shape))
    expected = kernel * (1 - rate * decay) - rate * update
    np.testing.assert_allclose(after["kernel"], expected, atol=1e-5)

    # Bias-corrected, the first step of Adam is that of the sign.
    for name, kept in (("centers", 1 - rate * adam_decay), ("bias", 1.0)):
        expected = before[name] * kept - rate * np.sign(gradients[name])
        np.testing.assert_allclose(after[name], expected, atol=1e-4)
