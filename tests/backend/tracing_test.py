import keras
import numpy as np
from keras import ops

from keras_sphereface.backend import is_traced


def test_only_a_tensor_of_a_step_being_compiled_is_traced():
    assert not is_traced(ops.convert_to_tensor(np.float32([1.0])))
    seen = []

    def step(tensor):
        seen.append(is_traced(tensor))
        return tensor

    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        tf.function(step)(tf.ones(2))
    elif backend == "jax":
        import jax

        jax.jit(step)(ops.ones(2))
    else:
        step(ops.ones(2))
    assert seen == [backend != "torch"]
