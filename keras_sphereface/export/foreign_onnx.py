"""An ONNX file of others, as it is."""

import os
from pathlib import Path
from typing import Any

import numpy as np

_TYPES = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(double)": np.float64,
    "tensor(uint8)": np.uint8,
}


class OnnxGraph:
    """A graph in ONNX Runtime, on the processor.

    Args:
        path: `Path`. Weights that stand in files beside it are read too.

    Attributes:
        name: str, the path.
        input_shape: tuple of int, `None` where a size is free.
        input_dtype: NumPy dtype.
        quantization: `None`.
        takes_pixels: bool, whether it is taken for a model of RGB pixels:
            where channels are last.
        notes: tuple of str.
    """

    quantization = None

    def __init__(self, path: Path) -> None:
        self.name = os.fspath(path)
        self._session = _open(path, self.name)
        inputs = self._session.get_inputs()
        outputs = self._session.get_outputs()
        if len(inputs) != 1 or inputs[0].type not in _TYPES:
            described = [(item.name, item.type, item.shape) for item in inputs]
            raise ValueError(
                "`path` must take one batch of images, of uint8 or floats. "
                f"Received: inputs {described} in {self.name!r}"
            )
        self._input, self._output = inputs[0].name, outputs[0].name
        self.input_dtype = np.dtype(_TYPES[inputs[0].type])
        self.input_shape = tuple(
            size if isinstance(size, int) and size > 0 else None
            for size in inputs[0].shape
        )
        self.takes_pixels = len(self.input_shape) == 4 and (
            self.input_shape[3] == 3 and self.input_shape[1] != 3
        )
        self.notes: tuple[str, ...] = ()
        if len(outputs) > 1:
            names = [item.name for item in outputs]
            self.notes = (f"Of its outputs {names} the first is taken.",)

    def run(self, batch: np.ndarray) -> np.ndarray:
        """One batch through the graph.

        Args:
            batch: array as the graph takes it.

        Returns:
            Array, its first output.
        """
        return self._session.run([self._output], {self._input: batch})[0]


def _open(path: Path, name: str) -> Any:
    try:
        import onnxruntime
    except ImportError as error:
        raise ImportError(
            "ONNX files need onnxruntime: pip install 'keras-sphereface[onnx]'"
        ) from error
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # what it logs as an error, it raises too
    try:
        return onnxruntime.InferenceSession(
            os.fspath(path), options, providers=["CPUExecutionProvider"]
        )
    # Its many exceptions share no other base.
    except Exception as error:
        raise ValueError(
            "The ONNX file is damaged, or needs operations this runtime "
            f"lacks ({error}). Received: path={name!r}"
        ) from error
