"""Reading a model file, and what it says about itself, before it runs."""

import os
from dataclasses import dataclass
from pathlib import Path

from keras_sphereface.contract import (
    MANIFEST_NAME,
    Manifest,
    ManifestError,
    is_sealed,
)
from keras_sphereface.edge.registry import manifest_reader_of, names


class ModelFileError(ValueError):
    """A model file that is damaged, or of another kind than it should be."""


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
            ModelFileError: a file of another kind, or one so damaged that the
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
            raise ModelFileError(
                "`path` must be a TFLite file, and this is not one. "
                f"Received: path={name!r}"
            )
        try:
            manifest_text = manifest_reader_of(suffix)(content, MANIFEST_NAME)
        except ValueError as error:
            raise ModelFileError(
                f"The {suffix[1:]} file is damaged ({error}). "
                f"Received: path={name!r}"
            ) from error
        return cls(name, suffix, content, manifest_text)

    def manifest(self, key: bytes | None = None) -> Manifest:
        """What the file says of itself, once its seal is found whole.

        Args:
            key: bytes, the one it was sealed with by `seal_with_key`. Defaults
                to `None`: the checksum that every export has.

        Returns:
            `contract.Manifest`.

        Raises:
            ManifestError: no manifest, a damaged one, or a file that is not
                what was sealed.
        """
        if self.manifest_text is None:
            raise ManifestError(
                f"The {self.suffix[1:]} file has no keras_sphereface manifest; "
                f"`ks.export` writes one. Received: path={self.name!r}"
            )
        try:
            manifest = Manifest.from_json(self.manifest_text)
        except ManifestError as error:
            raise ManifestError(f"{error}, in path={self.name!r}") from error
        if not is_sealed(self.content, manifest.checksum, key):
            raise ManifestError(
                "The file is not what the exporter wrote: its checksum is "
                f"{manifest.checksum[:12]}…, and that of its content differs. "
                "It was damaged or changed, or sealed with another key or "
                "none; copy or export it again. "
                f"Received: path={self.name!r}"
            )
        return manifest
