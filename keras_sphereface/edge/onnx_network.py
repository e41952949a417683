"""Running an ONNX file that is no embedder with ONNX Runtime."""

import numpy as np

from keras_sphereface.edge.artifact_file import ArtifactFile
from keras_sphereface.edge.onnx_engine import ProcessSession


class OnnxNetwork:
    """A graph of one input in ONNX Runtime, as it stands.

    Safe to share between threads and with processes that are forked, as
    `OnnxEngine` is.

    Args:
        artifact: `ArtifactFile` of an `.onnx` file.
        threads: int, at least 1, or `None` for the runtime's own choice.

    Attributes:
        inputs: dict from the name of an input to its shape, a tuple of ints,
            and of strings or `None` where a size is free.
        outputs: dict from the name of an output to its shape.
        is_float: bool, whether all of them are float32.
    """

    def __init__(self, artifact: ArtifactFile, threads: int | None) -> None:
        self._session = ProcessSession(artifact, threads)
        session = self._session.get()
        sides = [session.get_inputs(), session.get_outputs()]
        self.inputs, self.outputs = (
            {tensor.name: tuple(tensor.shape) for tensor in side}
            for side in sides
        )
        self.is_float = all(
            tensor.type == "tensor(float)" for side in sides for tensor in side
        )

    def run(self, values: np.ndarray) -> dict[str, np.ndarray]:
        """Runs the graph.

        Args:
            values: float32, of the shape of the only input.

        Returns:
            Dict from the name of an output to its values.
        """
        [name] = self.inputs
        found = self._session.get().run(None, {name: values})
        return dict(zip(self.outputs, found, strict=True))
