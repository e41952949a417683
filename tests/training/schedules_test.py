import math

import keras
import numpy as np
import pytest

from keras_sphereface.optimizers import WarmUp
from keras_sphereface.training import OptimizerConfig
from keras_sphereface.training.schedules import build_schedule


def learning_rates(config, steps_per_epoch, epochs):
    schedule = build_schedule(config, steps_per_epoch, epochs)
    return [float(schedule(step)) for step in range(steps_per_epoch * epochs)]


def test_learning_rate_warms_up_and_falls_as_a_cosine():
    config = OptimizerConfig(learning_rate=0.4, warmup_epochs=1)
    rates = learning_rates(config, steps_per_epoch=10, epochs=5)
    for step in range(10):
        assert rates[step] == pytest.approx(0.4 * step / 10, abs=1e-6)
    for step in range(10, 50):
        expected = 0.2 * (1 + math.cos(math.pi * (step - 10) / 40))
        assert rates[step] == pytest.approx(expected, abs=1e-6)


def test_learning_rate_without_warm_up_starts_at_its_height():
    config = OptimizerConfig(
        learning_rate=0.4, warmup_epochs=0, final_fraction=0.1
    )
    rates = learning_rates(config, steps_per_epoch=10, epochs=5)
    assert rates[0] == pytest.approx(0.4)
    assert 0.04 < rates[-1] < 0.042


def test_a_polynomial_falls_to_what_is_left():
    config = OptimizerConfig(
        learning_rate=0.4,
        warmup_epochs=0,
        schedule="polynomial",
        power=2.0,
        final_fraction=0.25,
    )
    rates = learning_rates(config, steps_per_epoch=10, epochs=2)
    for step, rate in enumerate(rates):
        expected = 0.3 * (1 - step / 20) ** 2 + 0.1
        assert rate == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("warmup_epochs", [0, 1, 2.5])
def test_multi_step_changes_at_the_first_step_after_a_milestone(warmup_epochs):
    config = OptimizerConfig(
        learning_rate=0.4,
        warmup_epochs=warmup_epochs,
        schedule="multi_step",
        milestones=(3, 4.5),
        decay_factor=0.1,
    )
    rates = learning_rates(config, steps_per_epoch=10, epochs=6)
    np.testing.assert_allclose(rates[25:30], 0.4, rtol=1e-6)
    np.testing.assert_allclose(rates[30:45], 0.04, rtol=1e-6)
    np.testing.assert_allclose(rates[45:], 0.004, rtol=1e-6)


def test_constant_stays_at_its_height():
    config = OptimizerConfig(learning_rate=0.4, schedule="constant")
    rates = learning_rates(config, steps_per_epoch=10, epochs=3)
    np.testing.assert_allclose(rates[:10], 0.04 * np.arange(10), atol=1e-7)
    np.testing.assert_allclose(rates[10:], 0.4, rtol=1e-6)


def test_a_schedule_survives_a_config():
    schedule = build_schedule(OptimizerConfig(), 10, 3)
    rebuilt = keras.optimizers.schedules.deserialize(
        keras.optimizers.schedules.serialize(schedule)
    )
    assert isinstance(rebuilt, WarmUp)
    for step in (0, 5, 10, 29):
        assert float(rebuilt(step)) == float(schedule(step))
