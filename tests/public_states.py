"""Random weights by the names of a public project, without PyTorch."""

import numpy as np

from keras_sphereface.interop.matching import _SOURCES
from keras_sphereface.interop.mobilefacenet_family import (
    MOBILEFACENET_FAMILIES,
)

XIAOCCER = next(
    family
    for family in MOBILEFACENET_FAMILIES
    if family.name.startswith("xiaoccer")
)


def public_state(embedder):
    """A MobileFaceNet's weights as Xiaoccer's project would save them.

    Args:
        embedder: `keras.Model`, a `"mobilefacenet"` with its own neck.

    Returns:
        Dict of str to float32 array.
    """
    generator = np.random.default_rng(0)
    layers = {layer.name: layer for layer in embedder._flatten_layers()}
    state = {}
    for layer, source, kind in XIAOCCER.pairs({}):
        for variable in layers[layer].weights:
            shape = variable.shape
            if len(shape) == 4 and "depthwise" in layer:
                shape = (shape[2], 1, *shape[:2])
            elif len(shape) == 4:
                shape = (*shape[:1:-1], *shape[:2])
            elif kind == "linear":
                shape = (*shape[::-1], 1, 1)
            elif kind == "prelu":
                shape = shape[-1:]
            name = f"{source}.{_SOURCES[kind][variable.name]}"
            state[name] = generator.random(shape, "float32")
    return state
