import keras
import pytest
from replicas import on_tensorflow, run_replicas

from keras_sphereface.training import TrainConfig
from keras_sphereface.training.strategy import (
    count_devices,
    open_strategy,
    writes_files,
)


def test_without_a_strategy_there_is_one_device_that_writes():
    config = TrainConfig()
    with open_strategy(config) as strategy:
        assert strategy is None
        assert count_devices(config, strategy) == 1
        assert writes_files(strategy)


@pytest.mark.parametrize(
    ("strategy", "backend"),
    [
        ("mirrored", "tensorflow"),
        ("multi_worker", "tensorflow"),
        ("data_parallel", "jax"),
        ("class_parallel", "jax"),
    ],
)
def test_a_strategy_says_which_backend_it_needs(strategy, backend):
    if keras.backend.backend() == backend:
        pytest.skip("the right backend")
    config = TrainConfig(strategy=strategy)
    message = f"needs the {backend} backend; set KERAS_BACKEND={backend}"
    with pytest.raises(ValueError, match=message), open_strategy(config):
        pass


PROGRAM = """
from keras_sphereface.training import TrainConfig
from keras_sphereface.training.strategy import *

config = TrainConfig(strategy="mirrored", cpu_devices=2)
make_cpu_devices(2)
with open_strategy(config) as first:
    inside = tf.distribute.get_strategy() is first
with open_strategy(config) as second:
    pass
print(json.dumps({
    "inside": inside,
    "after": tf.distribute.has_strategy(),
    "one per process": first is second,
    "devices": count_devices(config, first),
    "writes": writes_files(first),
}))
"""


@on_tensorflow
def test_mirrored_takes_the_devices_of_the_cpu_where_there_is_no_gpu():
    assert run_replicas(1, PROGRAM) == {
        "inside": True,
        "after": False,
        "one per process": True,
        "devices": 2,
        "writes": True,
    }


class Resolver:
    def __init__(self, jobs, task_type, task_id):
        self.jobs = jobs
        self.task_type, self.task_id = task_type, task_id

    def cluster_spec(self):
        return self


class Workers:
    def __init__(self, *resolver):
        self.cluster_resolver = Resolver(*resolver)


@pytest.mark.parametrize(
    ("jobs", "task_type", "task_id", "expected"),
    [
        (["worker"], "worker", 0, True),
        (["worker"], "worker", 1, False),
        (["chief", "worker"], "chief", 0, True),
        (["chief", "worker"], "worker", 0, False),
        ([], None, None, True),
    ],
)
def test_one_of_many_workers_writes(jobs, task_type, task_id, expected):
    strategy = Workers(jobs, task_type, task_id)
    assert writes_files(strategy) is expected
