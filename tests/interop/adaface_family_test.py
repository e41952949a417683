"""AdaFace's IR networks: units counted through, identities made explicit."""

import numpy as np
import pytest

from keras_sphereface.interop import WeightsMismatchError
from keras_sphereface.interop.adaface_family import ADAFACE


def state_of(*widths):
    return {
        f"body.{number}.res_layer.4.weight": np.empty((width, 0))
        for number, width in enumerate(widths)
    }


IR18 = state_of(64, 64, 128, 128, 256, 256, 512, 512)


def test_units_count_through_the_stages():
    sources = {pair.layer: pair.source for pair in ADAFACE.pairs(IR18)}
    assert sources["stage1_block1_bn"] == "body.0.res_layer.0"
    assert sources["stage2_block1_conv1"] == "body.2.res_layer.1"
    assert sources["stage3_block2_conv1_act"] == "body.5.res_layer.3"
    assert sources["stage4_block2_conv2_bn"] == "body.7.res_layer.5"
    assert sources["stage4_block1_down_bn"] == "body.6.shortcut_layer.1"


def test_the_ends_have_names_of_their_own():
    pairs = ADAFACE.pairs(IR18)
    ends = [(pair.layer, pair.source) for pair in [*pairs[:3], *pairs[-3:]]]
    assert ends == [
        ("stem", "input_layer.0"),
        ("stem_bn", "input_layer.1"),
        ("stem_act", "input_layer.2"),
        ("neck_bn", "output_layer.0"),
        ("neck_dense", "output_layer.3"),
        ("neck_dense_bn", "output_layer.4"),
    ]


def test_a_plan_counts_the_units_of_each_width():
    state = {
        **state_of(64, 64, 64, 128, 256, 256, 512),
        "input_layer.0.weight": np.empty((64, 3, 3, 3)),
        "output_layer.0.running_mean": np.empty(512),
        "output_layer.3.weight": np.empty((512, 49 * 512), "bool"),
    }
    plan = ADAFACE.plan(state)
    assert plan.build.args == ((3, 1, 2, 1),)
    assert (plan.embedding_dim, plan.map_places) == (512, 49)
    assert ADAFACE.color_order == "BGR"


@pytest.mark.parametrize(
    "widths", [(64, 128, 256), (64, 128, 64, 256, 512), ()]
)
def test_other_widths_are_another_network(widths):
    with pytest.raises(WeightsMismatchError, match="four widths"):
        ADAFACE.pairs(state_of(*widths))


def test_what_the_network_does_without_weights_gets_weights():
    state = {
        "input_layer.0.weight": np.empty((3, 3, 3, 3)),
        "output_layer.4.running_mean": np.float32([1, 2]),
    }
    ADAFACE.prepare(state)
    np.testing.assert_array_equal(state["output_layer.4.weight"], [1, 1])
    np.testing.assert_array_equal(state["output_layer.4.bias"], [0, 0])
    # A 1x1 convolution and a batch norm that change nothing.
    x = np.float32([0.5, -2, 3])
    source = "body.0.shortcut_layer"
    conv = state[f"{source}.0.weight"]
    assert conv.shape == (3, 3, 1, 1)
    y = conv[:, :, 0, 0] @ x - state[f"{source}.1.running_mean"]
    y /= np.sqrt(state[f"{source}.1.running_var"] + 1e-5)
    y = y * state[f"{source}.1.weight"] + state[f"{source}.1.bias"]
    np.testing.assert_allclose(y, x, rtol=1e-6)


def test_weights_that_are_there_stay():
    own = np.float32([7])
    state = {
        "input_layer.0.weight": np.empty((1, 3, 3, 3)),
        "body.0.shortcut_layer.0.weight": own,
        "output_layer.4.running_mean": own,
        "output_layer.4.weight": own,
    }
    before = dict(state)
    ADAFACE.prepare(state)
    assert state == before
