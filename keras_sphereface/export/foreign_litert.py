"""A TFLite file of others, as it is."""

from typing import Any

import numpy as np

from keras_sphereface.edge.artifact_file import ArtifactFile
from keras_sphereface.edge.litert_engine import load_interpreter


class TfliteGraph:
    """A graph in the LiteRT runtime.

    Args:
        artifact: `ArtifactFile` without a manifest.

    Attributes:
        name: str, the path.
        input_shape: tuple of int, `None` where a size is free.
        input_dtype: NumPy dtype.
        quantization: `(scale, zero_point)` of an integer input, or `None`.
        takes_pixels: `False`; each of these files scales in its own way.
        notes: tuple of str.
    """

    takes_pixels = False

    def __init__(self, artifact: ArtifactFile) -> None:
        self.name = artifact.name
        self._interpreter = load_interpreter(artifact)
        inputs = self._interpreter.get_input_details()
        outputs = self._interpreter.get_output_details()
        if len(inputs) != 1:
            described = [
                (item["name"], item["shape"].tolist()) for item in inputs
            ]
            raise ValueError(
                "`path` must take one batch of images. "
                f"Received: inputs {described} in {self.name!r}"
            )
        self._input, self._output = inputs[0], outputs[0]
        self.input_dtype = np.dtype(self._input["dtype"])
        # The interpreter has memory for one where the batch is free.
        self.input_shape = (
            int(self._input["shape"][0]),
            *(
                int(size) if size > 0 else None
                for size in self._input["shape_signature"][1:]
            ),
        )
        self.quantization = _quantization(self._input, self.name)
        self._of_output = _quantization(self._output, self.name)
        self.notes: tuple[str, ...] = ()
        if len(outputs) > 1:
            names = [item["name"] for item in outputs]
            self.notes = (f"Of its outputs {names} the first is taken.",)

    def run(self, batch: np.ndarray) -> np.ndarray:
        """One batch through the graph.

        Args:
            batch: array as the graph takes it.

        Returns:
            float32 array, its first output.
        """
        self._interpreter.set_tensor(self._input["index"], batch)
        self._interpreter.invoke()
        rows = self._interpreter.get_tensor(self._output["index"])
        if self._of_output is None:
            return rows
        scale, zero_point = self._of_output
        return (rows.astype(np.float32) - zero_point) * np.float32(scale)


def _quantization(
    tensor: dict[str, Any], name: str
) -> tuple[float, int] | None:
    parameters = tensor["quantization_parameters"]
    scales, zero_points = parameters["scales"], parameters["zero_points"]
    if np.dtype(tensor["dtype"]).kind not in "iu" or not len(scales):
        return None
    if len(scales) != 1 or not scales[0] > 0:
        raise ValueError(
            f"{tensor['name']!r} of `path` must have one positive scale. "
            f"Received: scales={scales.tolist()} in {name!r}"
        )
    return float(scales[0]), int(zero_points[0])
