"""The devices of a run."""

import contextlib
import functools

import keras

from keras_sphereface.class_softmax import ClassParallel


@contextlib.contextmanager
def open_strategy(config):
    """The devices that a config asks for, for what is built in the block.

    Args:
        config: `TrainConfig`.

    Yields:
        `tf.distribute.Strategy`, or `None` without one.
    """
    if config.strategy == "none":
        yield None
    elif config.strategy in _OF_KERAS:
        with _distribution(config.strategy):
            yield None
    else:
        _check_backend("tensorflow", config.strategy)
        if config.strategy == "mirrored":
            strategy = _mirrored(config.cpu_devices)
        else:
            strategy = _multi_worker()
        with strategy.scope():
            yield strategy


def count_devices(config, strategy):
    """Devices that share a batch."""
    if config.strategy in _OF_KERAS:
        return len(keras.distribution.list_devices())
    return 1 if strategy is None else strategy.num_replicas_in_sync


def writes_files(strategy):
    """Whether this process is the one of its run that writes files."""
    resolver = getattr(strategy, "cluster_resolver", None)
    if resolver is None or not resolver.task_type:
        return True
    has_chief = "chief" in resolver.cluster_spec().jobs
    chief = ("chief", 0) if has_chief else ("worker", 0)
    return (resolver.task_type, resolver.task_id) == chief


@functools.cache  # a process should make one
def _mirrored(cpu_devices):
    import tensorflow as tf

    devices = [gpu.name for gpu in tf.config.list_logical_devices("GPU")]
    if not devices:
        devices = [f"CPU:{index}" for index in range(cpu_devices)]
    return tf.distribute.MirroredStrategy(devices)


@functools.cache
def _multi_worker():
    import tensorflow as tf

    return tf.distribute.MultiWorkerMirroredStrategy()


def make_cpu_devices(count):
    """Makes logical devices of the CPU, before anything runs on it."""
    if count == 1:
        return
    if keras.backend.backend() == "jax":
        import jax

        jax.config.update("jax_num_cpu_devices", count)
        return
    import tensorflow as tf

    cpu = tf.config.list_physical_devices("CPU")[0]
    made = tf.config.get_logical_device_configuration(cpu)
    if made is None or len(made) != count:
        tf.config.set_logical_device_configuration(
            cpu, [tf.config.LogicalDeviceConfiguration()] * count
        )


_OF_KERAS = {
    "data_parallel": keras.distribution.DataParallel,
    "class_parallel": ClassParallel,
}


@contextlib.contextmanager
def _distribution(name):
    _check_backend("jax", name)
    before = keras.distribution.distribution()
    keras.distribution.set_distribution(_OF_KERAS[name]())
    try:
        yield
    finally:
        keras.distribution.set_distribution(before)


def _check_backend(backend, strategy):
    if keras.backend.backend() != backend:
        raise ValueError(
            f"`strategy` {strategy!r} needs the {backend} backend; set "
            f"KERAS_BACKEND={backend} before Keras is imported. Received: "
            f"strategy={strategy!r} on {keras.backend.backend()}"
        )
