import keras
import pytest

from keras_sphereface.optimizers import WarmUp


def falling():
    return keras.optimizers.schedules.PolynomialDecay(0.4, 10, 0.0)


def test_it_grows_from_0_and_then_counts_from_the_end_of_the_growth():
    schedule = WarmUp(falling(), 4)
    rates = [float(schedule(step)) for step in range(7)]
    expected = [0.0, 0.1, 0.2, 0.3, 0.4, 0.36, 0.32]
    assert rates == pytest.approx(expected, abs=1e-6)


def test_without_steps_it_is_the_schedule():
    assert float(WarmUp(falling(), 0)(0)) == pytest.approx(0.4)


def test_it_counts_whole_steps():
    with pytest.raises(ValueError, match=r"`warmup_steps`.*1\.5"):
        WarmUp(falling(), 1.5)


def test_it_comes_back_from_its_config():
    schedule = WarmUp(falling(), 4)
    again = WarmUp.from_config(schedule.get_config())
    assert again.get_config() == schedule.get_config()
    assert float(again(5)) == float(schedule(5))
