"""Networks of Keras_insightface give the same embeddings here."""

import keras_insightface as public
import numpy as np
import pytest

import keras_sphereface as ks

UNITS = (2, 1, 1, 1)


@pytest.mark.parametrize(
    ("suffix", "arguments"),
    [
        (".h5", {"use_bias": True, "scale": False}),
        (".keras", {"neck": "GDC", "activation": "relu"}),
        (".h5", {"neck": "F", "use_bias": True, "activation": "relu"}),
    ],
)
def test_a_resnet_gives_its_embeddings(suffix, arguments, tmp_path):
    network = public.resnet(UNITS, **arguments)
    path = tmp_path / f"model{suffix}"
    if suffix == ".h5":
        public.save_as_keras_2(network, path)
    else:
        network.save(path)
    public.check_import(path, network, "keras_insightface_resnet")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"activation": "swish"}, r"0_s\w+\.s\w+"),
        ({"max_pool": True}, r"stack1_block1_shortcut_conv\.kernel"),
    ],
)
def test_networks_that_are_not_ours_are_refused_by_name(
    arguments, said, tmp_path
):
    network = public.resnet((1, 1, 1, 1), **arguments)
    path = tmp_path / "model.h5"
    public.save_as_keras_2(network, path)
    with pytest.raises(ks.interop.WeightsMismatchError, match=said):
        ks.interop.import_embedder(path)


def test_weights_without_their_model_do_not_say_enough(tmp_path):
    network = public.resnet((1, 1, 1, 1))
    path = tmp_path / "model.h5"
    public.save_as_keras_2(network, path)
    state = ks.interop.read_state(path)
    np.savez(
        tmp_path / "weights.npz",
        **{
            name: array
            for name, array in state.items()
            if not name.endswith((".epsilon", ".strides"))
        },
    )
    with pytest.raises(ks.interop.WeightsMismatchError, match=r"model\.save`"):
        ks.interop.import_embedder(tmp_path / "weights.npz")
