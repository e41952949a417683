"""Reading a model file, and what it says about itself, before it runs."""

import os
from dataclasses import dataclass
from pathlib import Path

from keras_sphereface.contract import MANIFEST_NAME
from keras_sphereface.edge.registry import manifest_reader_of, names


@dataclass(frozen=True)
class ArtifactFile:
    """An exported file in memory; no runtime has seen it yet.

    Args:
        name: str, the path as the caller wrote it, for errors.
        suffix: `".tflite"`, `".onnx"`, or one that was registered.
        content: bytes of the whole file.
        manifest_text: bytes, the JSON text in the file, or `None`.
    """

    name: str
    suffix: str
    content: bytes
    manifest_text: bytes | None

    @classmethod
    def read(cls, path: str | os.PathLike) -> "ArtifactFile":
        """Reads a file and finds its manifest.

        Args:
            path: str or path of a `.tflite` or `.onnx` file, or of one whose
                suffix was registered.

        Returns:
            `ArtifactFile`.

        Raises:
            FileNotFoundError: there is no such file.
            ValueError: a file of another kind, or one so damaged that the
                manifest cannot be looked for.
        """
        name = os.fspath(path)
        path = Path(path)
        if not path.is_file():
            raise FileNotFoundError(
                f"There is no model file. Received: path={name!r}"
            )
        suffix = path.suffix.lower()
        if suffix not in names():
            raise ValueError(
                f"`path` must end in one of {names()}. Received: path={name!r}"
            )
        content = path.read_bytes()
        if suffix == ".tflite" and content[4:8] != b"TFL3":
            raise ValueError(
                "`path` must be a TFLite file, and this is not one. "
                f"Received: path={name!r}"
            )
        try:
            manifest_text = manifest_reader_of(suffix)(content, MANIFEST_NAME)
        except ValueError as error:
            raise ValueError(
                f"The {suffix[1:]} file is damaged ({error}). "
                f"Received: path={name!r}"
            ) from error
        return cls(name, suffix, content, manifest_text)
