"""Running a TFLite file that is no embedder with LiteRT."""

import os

import numpy as np

from keras_sphereface.edge.artifact_file import ArtifactFile
from keras_sphereface.edge.fork_lock import ForkLock
from keras_sphereface.edge.litert_engine import load_interpreter


class LiteRTNetwork:
    """A graph of one input in the LiteRT runtime, as it stands.

    Safe to share between threads and with processes that are forked, as
    `LiteRTEngine` is.

    Args:
        artifact: `ArtifactFile` of a `.tflite` file.
        threads: int, at least 1, or `None` for the runtime's own choice.

    Attributes:
        inputs: dict from the name of an input to its shape, a tuple of ints.
        outputs: dict from the name of an output to its shape.
        is_float: bool, whether all of them are float32.
    """

    def __init__(self, artifact: ArtifactFile, threads: int | None) -> None:
        self._artifact, self._threads = artifact, threads
        self._lock = ForkLock()
        with self._lock:
            self._load()
            details = [
                self._interpreter.get_input_details(),
                self._interpreter.get_output_details(),
            ]
        self.inputs, self.outputs = (
            {
                tensor["name"]: tuple(int(size) for size in tensor["shape"])
                for tensor in side
            }
            for side in details
        )
        self.is_float = all(
            tensor["dtype"] is np.float32 for side in details for tensor in side
        )
        self._input = details[0][0]["index"] if details[0] else None
        self._outputs = {
            tensor["name"]: tensor["index"] for tensor in details[1]
        }

    def run(self, values: np.ndarray) -> dict[str, np.ndarray]:
        """Runs the graph.

        Args:
            values: float32, of the shape of the only input.

        Returns:
            Dict from the name of an output to its values.
        """
        with self._lock:
            if self._process != os.getpid():
                # Not freed: that would wait for threads that are not here.
                self._of_parent = self._interpreter
                self._load()
            self._interpreter.set_tensor(self._input, values)
            self._interpreter.invoke()
            return {
                name: self._interpreter.get_tensor(index)
                for name, index in self._outputs.items()
            }

    def _load(self) -> None:
        self._interpreter = load_interpreter(self._artifact, self._threads)
        self._process = os.getpid()
