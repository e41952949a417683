import pytest
from keras import ops

from keras_sphereface import backbones


@pytest.mark.parametrize("name", ["mobilefacenet", "sfnet20"])
def test_no_two_layers_start_with_the_same_kernel(name):
    kernels = [
        ops.convert_to_numpy(weight).tobytes()
        for weight in backbones.get(name).trainable_weights
        if "kernel" in weight.path
    ]
    assert len(kernels) > 15
    assert len(set(kernels)) == len(kernels)
