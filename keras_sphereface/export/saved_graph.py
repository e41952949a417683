"""The default signature of a SavedModel, or ours."""

import os
from pathlib import Path
from typing import Any

import numpy as np

from keras_sphereface.contract import SIGNATURE


class SavedGraph:
    """A SavedModel in TensorFlow.

    Args:
        path: `Path` of the folder; it has a signature `embed`, or else a
            default one, of one input and one output.

    Attributes:
        name: str, the path.
        input_shape: tuple of int, `None` where a size is free.
        input_dtype: NumPy dtype.
        quantization: `None`.
        takes_pixels: `True`: where nothing is stated, of RGB pixels.
        notes: tuple of str.
    """

    quantization = None
    takes_pixels = True
    notes: tuple[str, ...] = ()

    def __init__(self, path: Path) -> None:
        import tensorflow as tf

        self.name = os.fspath(path)
        # The signatures live as long as the model they are of.
        self._model = tf.saved_model.load(self.name)
        signatures = self._model.signatures
        run = signatures.get(SIGNATURE) or signatures.get("serving_default")
        inputs: dict[str, Any] = (
            {} if run is None else run.structured_input_signature[1]
        )
        outputs: dict[str, Any] = {} if run is None else run.structured_outputs
        if len(inputs) != 1 or len(outputs) != 1:
            raise ValueError(
                f"`path` must have a signature {SIGNATURE!r} or a default one, "
                "of one input and one output. "
                f"Received: signatures {list(signatures)}, inputs "
                f"{list(inputs)}, outputs {list(outputs)}"
            )
        ((self._input, self._spec),) = inputs.items()
        (self._output,) = outputs
        self._run = run
        # Of an unknown rank there is nothing to say.
        known = self._spec.shape.rank is not None
        self.input_shape = tuple(self._spec.shape) if known else ()
        self.input_dtype = np.dtype(self._spec.dtype.as_numpy_dtype)

    def run(self, batch: np.ndarray) -> np.ndarray:
        """One batch through the graph.

        Args:
            batch: array in the layout that the graph takes.

        Returns:
            Array, its output.
        """
        import tensorflow as tf

        pixels = tf.cast(tf.convert_to_tensor(batch), self._spec.dtype)
        return self._run(**{self._input: pixels})[self._output].numpy()
