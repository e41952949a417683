"""Random weights by the names of public projects, without PyTorch."""

import numpy as np

from keras_sphereface.interop.matching import _SOURCES
from keras_sphereface.interop.mobilefacenet_family import MOBILEFACENET_FAMILIES
from keras_sphereface.interop.sfnet_family import OPENSPHERE_SFNET

XIAOCCER = next(
    family
    for family in MOBILEFACENET_FAMILIES
    if family.name.startswith("xiaoccer")
)


def mobilefacenet_state(embedder):
    """A MobileFaceNet's weights as Xiaoccer's project would save them.

    Args:
        embedder: `keras.Model`, a `"mobilefacenet"` with its own neck.

    Returns:
        Dict of str to float32 array.
    """
    state = _state(embedder, XIAOCCER.pairs({}))
    dense = state["linear1.conv.weight"]
    state["linear1.conv.weight"] = dense[:, :, None, None]
    return state


def sfnet4_state(embedder):
    """An SFNet-4's weights as OpenSphere would save them.

    Args:
        embedder: `keras.Model`, an `"sfnet4"` with its own neck.

    Returns:
        Dict of str to float32 array.
    """
    names = [f"layer{stage}.0.conv1.weight" for stage in (1, 2, 3, 4)]
    pairs = OPENSPHERE_SFNET.pairs(
        dict.fromkeys([*names, "layer1.0.bn1.weight"])
    )
    return _state(embedder, pairs)


def _state(embedder, pairs):
    generator = np.random.default_rng(0)
    layers = {layer.name: layer for layer in embedder._flatten_layers()}
    state = {}
    for layer, source, kind in pairs:
        for variable in layers[layer].weights:
            shape = variable.shape
            if len(shape) == 4 and "depthwise" in layer:
                shape = (shape[2], 1, *shape[:2])
            elif len(shape) == 4:
                shape = (*shape[:1:-1], *shape[:2])
            elif kind == "linear":
                shape = shape[::-1]
            elif kind == "prelu":
                shape = shape[-1:]
            values = generator.random(shape, "float32")
            if variable.name == "kernel":
                values = (values - 0.5) * np.sqrt(12 / values[0].size)
            elif variable.name in ("beta", "moving_mean"):
                values -= 0.5
            name = f"{source}.{_SOURCES[kind][variable.name]}"
            state[name] = values.astype("float32")
    return state
