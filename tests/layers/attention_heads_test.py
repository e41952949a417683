import numpy as np
import pytest
from keras import ops

from keras_sphereface.layers.attention_heads import join_heads, split_heads


@pytest.mark.parametrize("places", [(6,), (2, 3)])
def test_a_head_is_its_channels_of_every_token(places):
    x = np.random.default_rng(0).normal(size=(2, *places, 8)).astype("float32")
    heads = split_heads(ops.convert_to_tensor(x), 4, 6)
    flat = x.reshape(2, 6, 8)
    for head in range(4):
        np.testing.assert_array_equal(
            ops.convert_to_numpy(heads)[:, head],
            flat[:, :, 2 * head : 2 * head + 2],
        )
    joined = join_heads(heads, (*places, 8))
    np.testing.assert_array_equal(ops.convert_to_numpy(joined), x)
