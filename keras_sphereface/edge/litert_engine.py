"""Running a TFLite file with LiteRT."""

import os
from collections.abc import Callable
from typing import Any

import numpy as np

from keras_sphereface.contract import SIGNATURE
from keras_sphereface.edge.artifact_file import ArtifactFile, ModelFileError
from keras_sphereface.edge.fork_lock import ForkLock
from keras_sphereface.edge.image_batches import embed_in_batches, to_input_dtype

_INPUT_TYPES = (np.float32, np.uint8)
_OUTPUT_TYPES = (np.float32, np.int8)


class LiteRTEngine:
    """An exported embedder in the LiteRT runtime.

    Safe to share between threads: one batch is embedded at a time. A forked
    process loads the file anew, for the runtime's own threads stay behind.
    Where the file leaves the batch free it is 1: larger ones are no faster
    (from eight MobileFaceNet faces on they leave the cache and are slower), and
    an embedding then does not depend on what it is embedded with.

    Args:
        artifact: `ArtifactFile` that `export_litert` wrote.
        threads: int, at least 1, or `None` for the runtime's own choice.
            Defaults to `None`.

    Attributes:
        input_shape: tuple, `(height, width, channels)` of one image.
        input_dtype: `np.float32` or `np.uint8`.
        embedding_dim: int.
        fixed_batch: int, images a run takes, or `None` if it is free.
    """

    def __init__(
        self, artifact: ArtifactFile, threads: int | None = None
    ) -> None:
        name = artifact.name
        self._artifact, self._threads = artifact, threads
        self._lock = ForkLock()
        with self._lock:
            self._load()
        images = self._run.get_input_details()["images"]
        embeddings = self._run.get_output_details()["embeddings"]
        for tensor, types, what in (
            (images, _INPUT_TYPES, "takes float32 or uint8 pixels"),
            (embeddings, _OUTPUT_TYPES, "gives float32 or int8 embeddings"),
        ):
            if tensor["dtype"] not in types:
                raise ValueError(
                    f"`path` must be a TFLite file that {what}; "
                    "`export_litert` writes one. "
                    f"Received: {tensor['dtype'].__name__} in {name!r}"
                )
        self.input_dtype: type[np.generic] = images["dtype"]
        self.input_shape = tuple(int(size) for size in images["shape"][1:])
        self.embedding_dim = int(embeddings["shape"][-1])
        batch = int(images["shape_signature"][0])
        self.fixed_batch = batch if batch > 0 else None
        self._dequantize = _dequantizer(embeddings, name)

    def embed(self, images: np.ndarray) -> np.ndarray:
        """Embeds images.

        Args:
            images: uint8 or float32, `[batch_size, height, width, 3]`.

        Returns:
            float32 array, `[batch_size, embedding_dim]`.
        """
        return embed_in_batches(
            self._embed_batch, images, self.fixed_batch or 1, self.embedding_dim
        )

    def _load(self) -> None:
        interpreter = load_interpreter(self._artifact, self._threads)
        self._run = _signature_runner(interpreter, self._artifact.name)
        self._process = os.getpid()

    def _embed_batch(self, images: np.ndarray) -> np.ndarray:
        pixels = to_input_dtype(images, self.input_dtype)
        with self._lock:
            if self._process != os.getpid():
                # Not freed: that would wait for threads that are not here.
                self._of_parent = self._run
                self._load()
            embeddings = self._run(images=pixels)["embeddings"]
        return self._dequantize(embeddings)


def load_interpreter(artifact: ArtifactFile, threads: int | None = None) -> Any:
    """A LiteRT interpreter of a file, with its memory allocated.

    Args:
        artifact: `ArtifactFile`.
        threads: int or `None`.

    Returns:
        `ai_edge_litert.interpreter.Interpreter`.
    """
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError as error:
        raise ImportError(
            "`keras_sphereface.edge` runs TFLite files with the package "
            'ai-edge-litert: pip install "keras-sphereface[edge]"'
        ) from error
    try:
        interpreter = Interpreter(
            model_content=artifact.content, num_threads=threads
        )
        interpreter.allocate_tensors()
    except (RuntimeError, ValueError) as error:
        raise ModelFileError(
            "The TFLite file is damaged, or needs operations this runtime "
            f"lacks ({error}). Received: path={artifact.name!r}"
        ) from error
    return interpreter


def _signature_runner(interpreter: Any, name: str) -> Any:
    signatures = interpreter.get_signature_list()
    if signatures.get(SIGNATURE) != {
        "inputs": ["images"],
        "outputs": ["embeddings"],
    }:
        raise ValueError(
            f"`path` must be a TFLite file with a signature {SIGNATURE!r} "
            "from `images` to `embeddings`; `export_litert` writes one. "
            f"Received: signatures {signatures} in {name!r}"
        )
    return interpreter.get_signature_runner(SIGNATURE)


def _dequantizer(
    embeddings: dict[str, Any], name: str
) -> Callable[[np.ndarray], np.ndarray]:
    if embeddings["dtype"] is np.float32:
        return lambda values: values
    parameters = embeddings["quantization_parameters"]
    scales, zero_points = parameters["scales"], parameters["zero_points"]
    if len(scales) != 1 or not scales[0] > 0:
        raise ValueError(
            "The int8 embeddings of `path` must have one positive scale. "
            f"Received: scales={scales.tolist()} in {name!r}"
        )
    scale, zero_point = np.float32(scales[0]), np.float32(zero_points[0])
    return lambda values: (values.astype(np.float32) - zero_point) * scale
