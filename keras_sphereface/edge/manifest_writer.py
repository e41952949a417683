"""Another manifest in an exported file, whose model stays as it is."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from keras_sphereface.contract import (
    MANIFEST_FILE,
    MANIFEST_NAME,
    NO_CHECKSUM,
    Manifest,
    ManifestError,
    folder_checksum,
    seal,
)
from keras_sphereface.edge.artifact_file import ArtifactFile
from keras_sphereface.edge.keyed_seal import read_folder_manifest
from keras_sphereface.edge.onnx_file import replace_model_property
from keras_sphereface.edge.tflite_file import replace_metadata
from keras_sphereface.files import new_file

_WRITERS: dict[str, Callable[[bytes, str, bytes], bytes]] = {
    ".tflite": replace_metadata,
    ".onnx": replace_model_property,
}


def read_manifest(
    path: str | os.PathLike, key: bytes | None = None
) -> Manifest:
    """What an exported model says of itself, once its seal is found whole.

    Args:
        path: str or path of a `.tflite` or `.onnx` file or a SavedModel
            folder that `ks.export` wrote.
        key: bytes, the one it was sealed with. Defaults to `None`, none.

    Returns:
        `contract.Manifest`.

    Raises:
        ManifestError: no manifest, a damaged one, or not what was sealed.
    """
    path = Path(path)
    if not path.is_dir():
        return ArtifactFile.read(path).manifest(key)
    manifest = read_folder_manifest(path, key)
    if manifest is None:
        raise ManifestError(
            "The folder has no keras_sphereface manifest; `ks.export` writes "
            f"one. Received: path={os.fspath(path)!r}"
        )
    return manifest


def replace_manifest(
    path: str | os.PathLike, manifest: Manifest, *, key: bytes | None = None
) -> None:
    """Puts another manifest in the place of an exported model's, and seals it.

    The model is not touched, so its embeddings stay the same to the last bit.
    Whatever stops it, the file is the one before or the one after.

    Args:
        path: as for `read_manifest`.
        manifest: `contract.Manifest`; its checksum is not looked at.
        key: bytes, the one it was sealed with, and will be. Defaults to
            `None`, none.

    Raises:
        ManifestError: the file is not what was sealed with the key.
    """
    path = Path(path)
    read_manifest(path, key)  # raises if it was changed
    if path.is_dir():
        checksum = folder_checksum(
            path,
            without=MANIFEST_FILE,
            key=key,
            text=manifest.to_json().encode(),
        )
        text = replace(manifest, checksum=checksum).to_json()
        with new_file(path / MANIFEST_FILE) as unfinished:
            unfinished.write_text(text, encoding="utf-8")
        return
    artifact = ArtifactFile.read(path)
    if artifact.suffix not in _WRITERS:
        raise ValueError(
            f"`path` must end in one of {sorted(_WRITERS)}, whose manifest can "
            f"be written. Received: path={os.fspath(path)!r}"
        )
    text = replace(manifest, checksum=NO_CHECKSUM).to_json()
    content = _WRITERS[artifact.suffix](
        artifact.content, MANIFEST_NAME, text.encode()
    )
    with new_file(path) as unfinished:
        unfinished.write_bytes(seal(content, key))
