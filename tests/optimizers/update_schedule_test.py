"""A learning rate by the batch, read by the update."""

import keras
import pytest

from keras_sphereface.optimizers.update_schedule import UpdateSchedule


def make_schedule(steps):
    # 0.1 to the fourth batch, 0.01 after it.
    return UpdateSchedule(
        keras.optimizers.schedules.PiecewiseConstantDecay([4], [0.1, 0.01]),
        steps,
    )


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        (1, [0.1, 0.1, 0.1, 0.1, 0.1, 0.01]),
        (2, [0.1, 0.1, 0.01]),  # updates after batches 1, 3 and 5
        (3, [0.1, 0.01]),  # after batches 2 and 5
        (5, [0.1, 0.01]),  # after batches 4 and 9
    ],
)
def test_an_update_has_the_rate_of_its_last_batch(steps, expected):
    schedule = make_schedule(steps)
    found = [float(schedule(update)) for update in range(len(expected))]
    assert found == pytest.approx(expected)


def test_an_optimizer_with_it_is_rebuilt_from_its_config():
    optimizer = keras.optimizers.SGD(make_schedule(3))
    rebuilt = keras.optimizers.deserialize(
        keras.optimizers.serialize(optimizer)
    )
    schedule = rebuilt._learning_rate
    assert isinstance(schedule, UpdateSchedule)
    assert schedule.get_config() == make_schedule(3).get_config()
    assert float(schedule(1)) == pytest.approx(0.01)
