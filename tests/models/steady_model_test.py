"""Statistics skip a step that is not finite, whichever layer has them."""

import keras
import numpy as np
import pytest
from replicas import on_tensorflow, run_replicas
from steady_models import (
    X,
    Y,
    changes,
    images_with,
    layers,
    make_recognizer,
    state,
)

from keras_sphereface import heads
from keras_sphereface.models import SteadyModel

HEADS = ("adaface", "curricularface", "elastic_arcface")


@pytest.mark.parametrize("name", HEADS)
def test_a_step_that_is_not_finite_moves_no_statistic(name):
    recognizer = make_recognizer(name)
    assert changes(recognizer, X) == set(state(recognizer))
    for value in (np.nan, np.inf):
        assert changes(recognizer, images_with(value)) == set()


def test_an_overflow_that_loss_scaling_skips_leaves_no_trace():
    recognizer = make_recognizer(policy="mixed_float16")
    assert isinstance(recognizer.optimizer, keras.optimizers.LossScaleOptimizer)
    assert changes(recognizer, 1e6 * X) == set()
    recognizer.optimizer.dynamic_scale.assign(2.0**8)
    weights = recognizer.get_weights()
    assert changes(recognizer, X) == set(state(recognizer))
    # Only the gradients overflow: the loss is finite.
    recognizer.optimizer.dynamic_scale.assign(2.0**40)
    weights = recognizer.get_weights()
    assert changes(recognizer, X) == set()
    for now, before in zip(recognizer.get_weights(), weights, strict=True):
        np.testing.assert_array_equal(now, before)
    assert recognizer.count_faults()["non_finite_losses"] == 0


@pytest.mark.parametrize(
    "arguments", [{"run_eagerly": True}, {"jit_compile": True}]
)
def test_however_the_step_runs(arguments):
    if keras.backend.backend() == "torch" and "jit_compile" in arguments:
        pytest.skip("torch compiles for minutes")
    recognizer = make_recognizer(**arguments)
    assert changes(recognizer, X) == set(state(recognizer))
    assert changes(recognizer, images_with(np.nan)) == set()


def test_frozen_weights_are_no_statistics():
    recognizer = make_recognizer()
    recognizer.embedder.trainable = False
    recognizer.make_train_function(force=True)
    watched = {v.name for v in recognizer.step_state.variables}
    assert "moving_mean" in watched
    assert not watched & {"kernel", "gamma"}
    # The head moves on; what is frozen does not.
    moved = changes(recognizer, X)
    assert {path.rsplit("/", 1)[-1] for path in moved} <= {
        "norm_mean",
        "norm_std",
        "mean",
    }


def test_a_functional_model_with_a_head(tmp_path):
    labels = keras.Input((), dtype="int32")
    inputs, embeddings = layers()
    logits = heads.get("adaface", 4)(embeddings, labels)
    model = SteadyModel([inputs, labels], logits)
    model.compile(
        keras.optimizers.SGD(0.01),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    for each in (model, loaded):
        assert isinstance(each, SteadyModel)
        assert changes(each, [X, Y]) == set(state(each))
        assert changes(each, [images_with(np.nan), Y]) == set()
        assert each.count_faults() == {"non_finite_losses": 1}
        assert "non_finite_losses" not in each.get_metrics_result()


@on_tensorflow
@pytest.mark.slow
def test_replicas_agree_that_a_step_is_not_finite():
    program = """
from steady_models import changes, images_with, make_recognizer, state, X
results = []
with strategy.scope():
    recognizer = make_recognizer(policy="mixed_float16")
    recognizer.make_train_function()
    recognizer.optimizer.dynamic_scale.assign(2.0**8)
results.append(changes(recognizer, X) == set(state(recognizer)))
# The first replica sees nothing wrong.
results.append(changes(recognizer, images_with(np.nan)[::-1]) == set())
results.append(changes(recognizer, X) == set(state(recognizer)))
for variable in recognizer.step_state.variables:
    for local in strategy.experimental_local_results(variable.value):
        results.append(bool(np.isfinite(local.numpy()).all()))
print(json.dumps(results))
"""
    assert all(run_replicas(2, program))
