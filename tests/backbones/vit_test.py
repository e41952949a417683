import numpy as np
import pytest
from multiply_adds import count_trainable

from keras_sphereface.backbones import vit, vit_tiny
from keras_sphereface.models import build_embedding_model


# InsightFace's `vit_t` and `vit_s` in PyTorch (recognition/arcface_torch, 512
# values, 112x112), counted there, less the mask token.
@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("vit_tiny", 19_137_792 - 256),
        pytest.param("vit_small", 76_023_296 - 512, marks=pytest.mark.slow),
    ],
)
def test_size_is_that_of_insightface(name, parameters):
    embedder = build_embedding_model(name)
    assert count_trainable(embedder) == parameters
    assert f"| {parameters / 1e6:.2f} M |" in vit.__doc__


def test_docstring_says_the_work():
    # Each token meets every weight once, and every token twice in a block.
    for channels, line in ((256, "1.50 G"), (512, "5.75 G")):
        tokens = 12 * 12
        patches = tokens * 9 * 9 * 3 * channels
        block = tokens * 12 * channels**2 + 2 * tokens**2 * channels
        last = tokens * channels**2 + channels * 512
        work = patches + 12 * block + last
        assert f"{work / 1e9:.2f} G" == line
        assert line in vit.__doc__


def test_blocks_are_skipped_more_the_deeper_they_are():
    model = vit(16, (32, 32, 3), depth=3)
    rates = [model.get_layer(f"block{n}_drop1").rate for n in (1, 2, 3)]
    np.testing.assert_allclose(rates, [0, 0.05, 0.1])


@pytest.mark.parametrize(
    ("argument", "value"), [("depth", 0), ("drop_path", 1)]
)
def test_wrong_arguments_are_errors(argument, value):
    with pytest.raises(ValueError, match=f"`{argument}` must be"):
        vit_tiny((32, 32, 3), **{argument: value})
