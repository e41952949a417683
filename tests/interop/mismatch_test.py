"""A file that does not fit changes nothing and says what does not."""

import numpy as np
import pytest
from public_states import mobilefacenet_state

import keras_sphereface as ks


@pytest.fixture(scope="module")
def embedder():
    return ks.build_embedding_model(
        "mobilefacenet", embedding_dim=8, image_size=(16, 16)
    )


def refuse(embedder, state, tmp_path, match):
    path = tmp_path / "network.npz"
    np.savez(path, **state)
    before = [np.array(weight) for weight in embedder.weights]
    with pytest.raises(ks.interop.WeightsMismatchError, match=match) as error:
        ks.interop.load_weights(embedder, path)
    for weight, value in zip(embedder.weights, before, strict=True):
        np.testing.assert_array_equal(weight, value)
    return error.value


def test_the_whole_file_fits(embedder, tmp_path):
    path = tmp_path / "network.npz"
    state = mobilefacenet_state(embedder)
    np.savez(path, **state)
    report = ks.interop.load_weights(embedder, path)
    assert str(report) == (
        "xiaoccer_mobilefacenet, prefix '': "
        f"{len(state)} of {len(state)} weights match\n"
        "taken to be trained on RGB pixels, (pixel - 127.5) / 128"
    )
    kernel = embedder.get_layer("mobilefacenet").get_layer("stem").kernel
    # (pixel - 127.5) / 128 there, / 127.5 here.
    expected = state["conv1.conv.weight"].transpose(2, 3, 1, 0) * 127.5 / 128
    np.testing.assert_allclose(kernel, expected, rtol=1e-6)


def test_missing_and_unexpected_weights_and_shapes_are_listed(
    embedder, tmp_path
):
    state = mobilefacenet_state(embedder)
    del state["conv2.prelu.weight"]
    state["linear1.conv.weight"] = np.zeros((9, 512, 1, 1), "float32")
    state["blocks.0.se.weight"] = np.zeros((3,), "float32")
    error = refuse(embedder, state, tmp_path, "none was loaded")
    assert [row.status for row in error.report.mismatches] == [
        "missing",
        "shape",
        "unexpected",
    ]
    lines = str(error).splitlines()[-3:]
    assert lines == [
        "| top_act/alpha | (1, 1, 512) | conv2.prelu.weight |  | missing |",
        "| neck_dense/kernel | (512, 8) | linear1.conv.weight | "
        "(9, 512, 1, 1) | shape |",
        "|  |  | blocks.0.se.weight | (3,) | unexpected |",
    ]


def test_another_embedder_is_refused(tmp_path, embedder):
    state = mobilefacenet_state(embedder)
    other = ks.build_embedding_model(
        "mobilefacenet", embedding_dim=9, image_size=(16, 16)
    )
    refuse(other, state, tmp_path, "neck_dense/kernel")


def test_an_unknown_network_is_listed_by_names_and_shapes(embedder, tmp_path):
    state = {"encoder.weight": np.zeros((3, 5), "float32")}
    error = refuse(embedder, state, tmp_path, "known family")
    assert "encoder.weight  (3, 5)" in str(error)
    for name in ks.interop.family_names():
        assert name in str(error)


def test_a_wrong_family_lists_the_right_ones(embedder, tmp_path):
    path = tmp_path / "network.npz"
    np.savez(path, **mobilefacenet_state(embedder))
    with pytest.raises(ValueError, match="'adaface'"):
        ks.interop.load_weights(embedder, path, family="adaface2")
    with pytest.raises(ks.interop.WeightsMismatchError, match="Missing"):
        ks.interop.load_weights(embedder, path, family="adaface")
    with pytest.raises(ValueError, match="`color_order`"):
        ks.interop.load_weights(embedder, path, color_order="BRG")
    with pytest.raises(ValueError, match="`pixel_scale`"):
        ks.interop.load_weights(embedder, path, pixel_scale=0)


def test_two_networks_in_one_file_are_not_guessed_between(embedder, tmp_path):
    state = mobilefacenet_state(embedder)
    both = {
        f"{prefix}.{name}": array
        for prefix in ("student", "teacher")
        for name, array in state.items()
    }
    refuse(embedder, both, tmp_path, "known family")


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_weights_that_are_not_finite_are_named(embedder, tmp_path, value):
    state = mobilefacenet_state(embedder)
    for name in ("conv1.conv.weight", "conv1.bn.running_var"):
        state[name] = state[name].copy()
        state[name].flat[-1] = value
    error = refuse(embedder, state, tmp_path, "none was loaded")
    assert {row.source: row.status for row in error.report.mismatches} == {
        "conv1.conv.weight": "not finite",
        "conv1.bn.running_var": "not finite",
    }
