"""Sealing an exported model with a secret key."""

import dataclasses
import os
from pathlib import Path

from keras_sphereface.contract import (
    MANIFEST_FILE,
    Manifest,
    ManifestError,
    folder_checksum,
    seal,
)
from keras_sphereface.edge.artifact_file import ArtifactFile
from keras_sphereface.files import new_file, unseal


def seal_with_key(path: str | os.PathLike, key: bytes) -> None:
    """Puts an HMAC in the place of an export's checksum.

    The checksum of an export shows damage. Whoever changes the file on purpose,
    its weights or its thresholds, can compute another; not so without the key.
    `FaceVerifier` and `export.open_embedder` then need the key, and refuse
    everything that was not sealed with it. Galleries of the file from before
    belong to another model, for its checksum is who it is.

    Args:
        path: str or path of a `.tflite` or `.onnx` file or a SavedModel folder
            that `ks.export` wrote, which is replaced.
        key: bytes, at least 16, secret; the same for as many files as you
            like. `secrets.token_bytes(32)` makes one.

    Raises:
        ManifestError: the file has no manifest, is damaged, or was sealed with
            a key before.

    Example:

    ```python
    key = secrets.token_bytes(32)
    ks.edge.seal_with_key("face.tflite", key)
    verifier = ks.edge.FaceVerifier("face.tflite", key=key)
    ```
    """
    path = Path(path)
    if path.is_dir():
        _seal_folder(path, key)
        return
    artifact = ArtifactFile.read(path)
    manifest = artifact.manifest()
    content = seal(unseal(artifact.content, manifest.checksum), key)
    with new_file(path) as unfinished:
        unfinished.write_bytes(content)


def read_folder_manifest(
    folder: Path, key: bytes | None = None
) -> Manifest | None:
    """The manifest of a SavedModel, once its seal is found whole.

    Args:
        folder: path of a SavedModel.
        key: bytes, the one it was sealed with. Defaults to `None`, none.

    Returns:
        `contract.Manifest`; `None` for a folder of others, which has none.

    Raises:
        ManifestError: the folder is not what was sealed, or, with a key, has
            no manifest.
    """
    file = folder / MANIFEST_FILE
    if not file.is_file():
        if key is None:
            return None
        raise ManifestError(
            "With a `key` only what was sealed with it is opened, and the "
            f"folder has no manifest. Received: path={os.fspath(folder)!r}"
        )
    manifest = Manifest.from_json(file.read_bytes())
    try:
        checksum = folder_checksum(folder, without=MANIFEST_FILE, key=key)
    except ValueError as error:
        raise ManifestError(str(error)) from error
    if checksum != manifest.checksum:
        raise ManifestError(
            "The folder is not what the exporter wrote: its files have another "
            "checksum than its manifest. It was damaged or changed, or sealed "
            "with another key or none; copy or export it again. "
            f"Received: path={os.fspath(folder)!r}"
        )
    return manifest


def _seal_folder(folder: Path, key: bytes) -> None:
    manifest = read_folder_manifest(folder)
    if manifest is None:
        raise ManifestError(
            "The folder has no keras_sphereface manifest; `ks.export` writes "
            f"one. Received: path={os.fspath(folder)!r}"
        )
    checksum = folder_checksum(folder, without=MANIFEST_FILE, key=key)
    sealed = dataclasses.replace(manifest, checksum=checksum)
    with new_file(folder / MANIFEST_FILE) as unfinished:
        unfinished.write_text(sealed.to_json(), encoding="utf-8")
