"""Running a TFLite file with LiteRT."""

import itertools
import os
import threading
from pathlib import Path

import numpy as np

from keras_sphereface.contract import MANIFEST_NAME, SIGNATURE


class LiteRTEngine:
    """An exported embedder in the LiteRT runtime.

    Safe to share between threads: one image is embedded at a time.

    Args:
        path: str or path of a `.tflite` file that `export_litert` wrote.
        threads: int, at least 1, or `None` for the runtime's own choice.
            Defaults to `None`.

    Attributes:
        manifest_text: bytes, the JSON text in the file, or `None`.
        input_shape: tuple, `(height, width, channels)` of one image.
        embedding_dim: int.
    """

    def __init__(
        self, path: str | os.PathLike, threads: int | None = None
    ) -> None:
        if threads is not None and (type(threads) is not int or threads < 1):
            raise ValueError(
                "`threads` must be a positive int or None. "
                f"Received: threads={threads!r}"
            )
        name = os.fspath(path)
        path = Path(path)
        if not path.is_file():
            raise FileNotFoundError(
                f"There is no model file. Received: path={name!r}"
            )
        content = path.read_bytes()
        interpreter = _load(content, name, threads)
        self.manifest_text = read_metadata(content, MANIFEST_NAME)
        self._run = _signature_runner(interpreter, name)
        self._lock = threading.Lock()
        images = self._run.get_input_details()["images"]
        embeddings = self._run.get_output_details()["embeddings"]
        if images["dtype"] is not np.float32:
            raise ValueError(
                "`path` must be a TFLite file that takes float32 pixels; "
                "`export_litert` writes one. "
                f"Received: {images['dtype'].__name__} input in {name!r}"
            )
        self.input_shape = tuple(int(size) for size in images["shape"][1:])
        self.embedding_dim = int(embeddings["shape"][-1])

    def embed(self, images: np.ndarray) -> np.ndarray:
        """Embeds images one by one, so that memory does not grow with them.

        Args:
            images: uint8 or float32, `[batch_size, height, width, 3]`.

        Returns:
            float32 array, `[batch_size, embedding_dim]`.
        """
        embeddings = np.empty((len(images), self.embedding_dim), np.float32)
        for index, image in enumerate(images):
            pixels = image[None].astype(np.float32)
            with self._lock:
                embeddings[index] = self._run(images=pixels)["embeddings"][0]
        return embeddings


def read_metadata(content: bytes, name: str) -> bytes | None:
    """A metadata buffer of a TFLite file.

    Reads the few fields it needs with the small `flatbuffers` package; the
    generated schema of ai_edge_litert takes longer to import than the runtime.

    Args:
        content: bytes of a TFLite file the runtime has accepted.
        name: str, the entry's name.

    Returns:
        The buffer's bytes, or `None` if there is no such entry.
    """
    import flatbuffers
    from flatbuffers.number_types import Uint32Flags, UOffsetTFlags
    from flatbuffers.table import Table

    # Offsets into the tables of TFLite's schema.fbs, which never change:
    # 4 + 2 * the number of the field.
    model_buffers, model_metadata = 12, 16
    metadata_name, metadata_buffer = 4, 6
    buffer_data = 4

    def tables(parent, field):
        offset = parent.Offset(field)
        for index in range(parent.VectorLen(offset) if offset else 0):
            position = parent.Vector(offset) + 4 * index
            yield Table(content, parent.Indirect(position))

    root = flatbuffers.encode.Get(UOffsetTFlags.packer_type, content, 0)
    model = Table(content, root)
    for entry in tables(model, model_metadata):
        offset = entry.Offset(metadata_name)
        if not offset or entry.String(offset + entry.Pos) != name.encode():
            continue
        index = entry.GetSlot(metadata_buffer, 0, Uint32Flags)
        for buffer in itertools.islice(
            tables(model, model_buffers), index, index + 1
        ):
            offset = buffer.Offset(buffer_data)
            if offset:
                start = buffer.Vector(offset)
                return content[start : start + buffer.VectorLen(offset)]
    return None


def _load(content, name, threads):
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError as error:
        raise ImportError(
            "`FaceVerifier` runs TFLite files with the package "
            'ai-edge-litert: pip install "keras-sphereface[edge]"'
        ) from error
    if content[4:8] != b"TFL3":
        raise ValueError(
            "`path` must be a TFLite file, and this is none. "
            f"Received: path={name!r}"
        )
    try:
        interpreter = Interpreter(model_content=content, num_threads=threads)
        interpreter.allocate_tensors()
    except (RuntimeError, ValueError) as error:
        raise ValueError(
            "The TFLite file is damaged, or needs operations this runtime has "
            f"not ({error}). Received: path={name!r}"
        ) from error
    return interpreter


def _signature_runner(interpreter, name):
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
