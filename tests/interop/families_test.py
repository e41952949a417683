"""Which network a file holds, by names alone."""

import numpy as np
import pytest

from keras_sphereface.interop import WeightsMismatchError
from keras_sphereface.interop.families import find_network

# Names that tell IResNet of InsightFace.
NAMES = ("conv1.weight", "prelu.weight", "layer1.0.prelu.weight")


def state_of(*prefixes):
    return {
        f"{prefix}{name}": np.float32([number])
        for number, prefix in enumerate(prefixes)
        for name in (
            *(*NAMES, "bn1.num_batches_tracked", "n_averaged"),
            *("total_ops", "total_params", "conv1.total_ops"),  # of thop
        )
    }


@pytest.mark.parametrize("prefix", ["", "model.", "anything.at.all."])
def test_one_network_is_found_behind_any_prefix(prefix):
    (found,) = find_network(state_of(prefix))
    assert found.family.name == "insightface_iresnet"
    assert found.prefix == prefix
    assert set(found.state) == set(NAMES)  # and no counters


def test_of_several_networks_the_one_with_the_usual_prefix_is_taken():
    (found,) = find_network(state_of("teacher.", "module.", "student."))
    assert found.prefix == "module."
    assert all(array[0] == 1 for array in found.state.values())


def test_several_networks_with_unusual_prefixes_are_not_guessed():
    with pytest.raises(WeightsMismatchError, match="known family"):
        find_network(state_of("teacher.", "student."))


def test_a_prefix_ends_at_a_dot():
    with pytest.raises(WeightsMismatchError):
        find_network(state_of("my_"))


def test_a_name_that_a_family_does_not_have_rules_it_out():
    sfnet = ["layer1.0.conv1.weight", "layer4.0.conv1.weight"]
    state = dict.fromkeys(sfnet, np.float32([0]))
    # Where the activation is, a file without batch norm cannot tell.
    assert [found.family.name for found in find_network(state)] == [
        "opensphere_sfnet",
        "opensphere_sfnet_deprecated",
    ]
    state["layer1.0.bn1.weight"] = np.float32([0])
    assert [found.family.name for found in find_network(state)] == [
        "opensphere_sfnet"
    ]
    state["layer1.0.conv2.weight"] = np.float32([0])  # a ResNet
    with pytest.raises(WeightsMismatchError):
        find_network(state)


def test_a_family_may_be_said():
    state = state_of("")
    (found,) = find_network(state, "insightface_iresnet")
    assert found.prefix == ""
    with pytest.raises(WeightsMismatchError) as caught:
        find_network(state, "adaface")
    message = str(caught.value)
    assert "adaface: input_layer.0.weight, body.0.res_layer.3.weight" in message
    assert "opensphere" not in message


def test_a_file_of_something_else_is_described():
    state = {f"w{number}": np.zeros((2, 3)) for number in range(31)}
    with pytest.raises(WeightsMismatchError) as caught:
        find_network(state)
    message = str(caught.value)
    assert "31 weights" in message
    assert "w29  (2, 3)" in message
    assert "w30" not in message  # thirty are shown
