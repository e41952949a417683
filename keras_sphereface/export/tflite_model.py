"""TFLite files: read, run, written with their manifest."""

from typing import TYPE_CHECKING, Any

import flatbuffers
import numpy as np

from keras_sphereface.contract import MANIFEST_NAME

if TYPE_CHECKING:
    from ai_edge_litert.schema_py_generated import ModelT


def read_model(content: bytes) -> "ModelT":
    """The objects of a TFLite file.

    Args:
        content: bytes of a TFLite file.

    Returns:
        `ModelT` of the TFLite schema.
    """
    reader, _ = schema_tools()
    return reader.read_model_from_bytearray(bytearray(content))


def write_model(model: "ModelT") -> bytes:
    """Writes the objects of a TFLite file, what is equal only once.

    Args:
        model: `ModelT`.

    Returns:
        Bytes of a TFLite file.
    """
    builder = _Builder(1024)
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


def add_manifest(model: "ModelT", text: str) -> None:
    """Puts the manifest into a TFLite file as a metadata buffer.

    The graph is not touched, so the outputs stay the same to the last bit.

    Args:
        model: `ModelT`; it is changed.
        text: str, the manifest.
    """
    _, schema = schema_tools()
    buffer = schema.BufferT()
    buffer.data = np.frombuffer(text.encode(), np.uint8)
    model.buffers.append(buffer)
    entry = schema.MetadataT()
    entry.name = MANIFEST_NAME
    entry.buffer = len(model.buffers) - 1
    model.metadata = [*(model.metadata or []), entry]


def signature_runner(
    content: bytes, signature: str, *, threads: int | None = None
) -> Any:
    """A function that runs one signature of a TFLite file.

    Args:
        content: bytes of a TFLite file.
        signature: str.
        threads: int, or `None` for the runtime's own choice. Defaults to
            `None`.

    Returns:
        Callable, arrays by the names of the inputs to a dict of arrays.
    """
    schema_tools()
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=content, num_threads=threads)
    return interpreter.get_signature_runner(signature)


class _Builder(flatbuffers.Builder):
    """A builder that aligns the weights and writes equal things once.

    The schema asks for weights at multiples of 16 bytes, where vector
    instructions want them; the generated Python code forgets. Names, and the
    zero points of channels, 8 bytes each and all zero, repeat many times: an
    int8 file would be a seventh larger.
    """

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self._strings: dict[str | bytes, int] = {}
        self._vectors: dict[tuple[np.dtype, bytes], int] = {}

    def CreateString(  # noqa: N802
        self, s: str | bytes, *args: Any, **kwargs: Any
    ) -> int:
        if s not in self._strings:
            self._strings[s] = super().CreateString(s, *args, **kwargs)
        return self._strings[s]

    def CreateNumpyVector(self, x: np.ndarray) -> int:  # noqa: N802
        key = (x.dtype, x.tobytes())
        if key not in self._vectors:
            self._vectors[key] = super().CreateNumpyVector(x)
        return self._vectors[key]

    def StartVector(  # noqa: N802
        self,
        elemSize: int,  # noqa: N803
        numElems: int,  # noqa: N803
        alignment: int,
    ) -> int:
        alignment = 16 if elemSize == 1 else alignment
        return super().StartVector(elemSize, numElems, alignment)


def schema_tools() -> tuple[Any, Any]:
    """The reader and the schema of TFLite files.

    Returns:
        Modules `(flatbuffer_utils, schema_py_generated)`.
    """
    try:
        from ai_edge_litert import schema_py_generated
        from ai_edge_litert.tools import flatbuffer_utils
    except ImportError as error:
        raise ImportError(
            "Export to TFLite needs the package ai-edge-litert: "
            'pip install "keras-sphereface[edge]"'
        ) from error
    return flatbuffer_utils, schema_py_generated
