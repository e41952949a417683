import keras
import numpy as np
import pytest
from multiply_adds import count_multiply_adds, count_trainable

from keras_sphereface.backbones import ghostfacenet_v1, ghostfacenet_v2
from keras_sphereface.models import build_embedding_model

BUILDERS = [ghostfacenet_v1, ghostfacenet_v2]


@pytest.mark.slow
# 6.88 M and 272.1 M are those of V2 in Flops.ipynb of
# github.com/HamadYA/GhostFaceNets, whose operations count batch norms and
# activations too, at most a fiftieth. The others were measured here, to notice
# a change.
@pytest.mark.parametrize(
    ("build", "stem_strides", "parameters", "operations", "side"),
    [
        (ghostfacenet_v1, 1, 4.09, 215.7, 7),
        (ghostfacenet_v1, 2, 4.07, 60.3, 4),
        (ghostfacenet_v2, 1, 6.88, 272.1, 7),
        (ghostfacenet_v2, 2, 6.84, 76.5, 4),
    ],
)
def test_size_is_what_the_docstring_says(
    build, stem_strides, parameters, operations, side
):
    embedder = build_embedding_model(build.__name__, stem_strides=stem_strides)
    work = count_multiply_adds(embedder) / 1e6
    assert round(embedder.count_params() / 1e6, 2) == parameters
    assert 0.98 < work / operations < 1
    assert embedder.get_layer(build.__name__).output_shape[1:3] == (side, side)
    line = f"strides {stem_strides} | {parameters} M | {work:.1f} M |"
    assert line in build.__doc__


def test_v2_has_every_parameter_of_the_authors_network():
    # Flops.ipynb of github.com/HamadYA/GhostFaceNets.
    embedder = build_embedding_model("ghostfacenet_v2")
    assert embedder.count_params() == 6_880_288
    assert count_trainable(embedder) == 6_795_720


def test_half_of_a_ghost_module_is_made_from_the_other():
    model = ghostfacenet_v1((16, 16, 3), width_multiplier=0.25)
    module = keras.Model(
        model.get_layer("block2_expand_primary_act").output,
        model.get_layer("block2_expand_concat").output,
    )
    depthwise = module.get_layer("block2_expand_ghosts")
    kernel = np.zeros(depthwise.kernel.shape)
    kernel[1, 1] = 2.0  # twice the middle
    depthwise.set_weights([kernel])
    primary = np.random.default_rng(0).uniform(
        size=(1, *module.input_shape[1:])
    )
    outputs = keras.ops.convert_to_numpy(module(primary.astype("float32")))
    expected = np.concatenate([primary, 2 * primary], axis=-1)
    np.testing.assert_allclose(outputs, expected, rtol=1e-4)  # epsilon 1e-5


@pytest.mark.slow
@pytest.mark.parametrize(
    ("build", "gates"),
    [
        (ghostfacenet_v1, [0.3, 0.5, 0.7]),
        (ghostfacenet_v2, [1 / 3, 0.5, 2 / 3]),
    ],
)
def test_squeeze_has_the_hard_sigmoid_of_the_authors_code(build, gates):
    # Keras 2's for V1, 0.2 * x + 0.5, PyTorch's for V2, x / 6 + 0.5.
    model = build((16, 16, 3), width_multiplier=0.25)
    gate = keras.Model(
        model.get_layer("block4_squeeze_expand").output,
        model.get_layer("block4_squeeze_gate").output,
    )
    inputs = np.zeros((3, *gate.input_shape[1:]), "float32")
    inputs += np.float32([-1, 0, 1])[:, None, None, None]
    outputs = keras.ops.convert_to_numpy(gate(inputs))[:, 0, 0, 0]
    np.testing.assert_allclose(outputs, gates, rtol=1e-6)


def test_attention_starts_at_the_third_block_of_v2():
    def attended(build):
        return [
            layer.name
            for layer in build((16, 16, 3), width_multiplier=0.25).layers
            if layer.name.endswith("_attend")
        ]

    assert attended(ghostfacenet_v1) == []
    assert attended(ghostfacenet_v2) == [
        f"block{number}_attend" for number in range(3, 17)
    ]


@pytest.mark.parametrize("build", BUILDERS)
@pytest.mark.parametrize(
    ("argument", "value"), [("stem_strides", 3), ("width_multiplier", 0)]
)
def test_wrong_arguments_are_an_error(build, argument, value):
    with pytest.raises(ValueError, match=f"`{argument}` must be"):
        build((16, 16, 3), **{argument: value})
