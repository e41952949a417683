"""Running an ONNX file with ONNX Runtime."""

import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_sphereface.edge.artifact_file import ArtifactFile, ModelFileError
from keras_sphereface.edge.fork_lock import ForkLock
from keras_sphereface.edge.image_batches import embed_in_batches, to_input_dtype

_INPUT_TYPES: dict[str, type[np.generic]] = {
    "tensor(float)": np.float32,
    "tensor(uint8)": np.uint8,
}


class OnnxEngine:
    """An exported embedder in ONNX Runtime, on the processor.

    Safe to share between threads, which run side by side. A forked process
    loads the file anew, for the runtime's own threads stay behind. Where the
    file leaves the batch free it is 1, as for `LiteRTEngine` and for its
    reasons.

    Args:
        artifact: `ArtifactFile` that `export_onnx` wrote.
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
        self._session = ProcessSession(artifact, threads)
        session = self._session.get()
        inputs, outputs = (
            {item.name: item for item in items}
            for items in (session.get_inputs(), session.get_outputs())
        )
        images, embeddings = inputs.get("images"), outputs.get("embeddings")
        if (
            len(inputs) != 1
            or images is None
            or embeddings is None
            or images.type not in _INPUT_TYPES
            or embeddings.type != "tensor(float)"
            or not _sizes_are_known(images.shape, 4)
            or not _sizes_are_known(embeddings.shape, 2)
        ):
            described = [
                {name: (item.type, item.shape) for name, item in side.items()}
                for side in (inputs, outputs)
            ]
            raise ValueError(
                "`path` must be an ONNX file from `images`, float32 or uint8 "
                "[batch_size, height, width, 3], to `embeddings`, float32 "
                "[batch_size, embedding_dim]; `export_onnx` writes one. "
                f"Received: inputs {described[0]}, outputs {described[1]} in "
                f"{artifact.name!r}"
            )
        self.input_dtype = _INPUT_TYPES[images.type]
        self.input_shape = tuple(images.shape[1:])
        self.embedding_dim: int = embeddings.shape[1]
        batch = images.shape[0]
        self.fixed_batch = batch if isinstance(batch, int) else None

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

    def _embed_batch(self, images: np.ndarray) -> np.ndarray:
        pixels = to_input_dtype(images, self.input_dtype)
        session = self._session.get()
        return session.run(["embeddings"], {"images": pixels})[0]


class ProcessSession:
    """A session that threads share, and that a forked process loads anew.

    Args:
        artifact: `ArtifactFile` of an `.onnx` file.
        threads: int, at least 1, or `None` for the runtime's own choice.
    """

    def __init__(self, artifact: ArtifactFile, threads: int | None) -> None:
        self._artifact, self._threads = artifact, threads
        self._lock = ForkLock()
        with self._lock:
            self._load()

    def get(self) -> Any:
        """The session of the process that asks."""
        if self._process != os.getpid():
            with self._lock:
                if self._process != os.getpid():
                    # Not freed: that would wait for threads that are not here.
                    self._of_parent = self._session
                    self._load()
        return self._session

    def _load(self) -> None:
        self._session = load_session(self._artifact, self._threads)
        # Last: who finds its own process here takes the session.
        self._process = os.getpid()


def load_session(artifact: ArtifactFile, threads: int | None = None) -> Any:
    """An ONNX Runtime session of a file, on the processor.

    Args:
        artifact: `ArtifactFile`.
        threads: int or `None`.

    Returns:
        `onnxruntime.InferenceSession`.
    """
    try:
        import onnxruntime
    except ImportError as error:
        raise ImportError(
            "`keras_sphereface.edge` runs ONNX files with the package "
            "onnxruntime: pip install onnxruntime"
        ) from error
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # what it logs as an error, it raises too
    if threads is not None:
        options.intra_op_num_threads = threads
    try:
        return onnxruntime.InferenceSession(
            artifact.content, options, providers=["CPUExecutionProvider"]
        )
    # Its many exceptions share no other base.
    except Exception as error:
        raise ModelFileError(
            "The ONNX file is damaged, or needs operations this runtime "
            f"lacks ({error}). Received: path={artifact.name!r}"
        ) from error


def _sizes_are_known(shape: Sequence[int | str | None], rank: int) -> bool:
    return len(shape) == rank and all(
        isinstance(size, int) and size > 0 for size in shape[1:]
    )
