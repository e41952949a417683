r"""A gallery in a file: plain bytes, nothing that could run.

| bytes | what |
|---|---|
| 8 | `SFGALRY\n` |
| 8 | length of the header, little-endian |
| the header | JSON: format version, model, numbers of crops, names |
| 4 per crop | int32, whose it is: a position in the names |
| 4 * embedding_dim per crop | float32, its embedding |
| 32 | SHA-256 of everything before |
"""

import hashlib
import json
import os
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

import numpy as np

from keras_sphereface.edge.gallery_store import (
    BLOCK_SIZE,
    REMOVED,
    GalleryStore,
    Snapshot,
)
from keras_sphereface.edge.model_identity import ModelIdentity
from keras_sphereface.files import new_file

MAGIC = b"SFGALRY\n"
FORMAT_VERSION = 1
_KEYS = {"format_version", "model", "num_crops", "names"}
_DIGEST_SIZE = 32


class GalleryError(ValueError):
    """A gallery file that is damaged or of another version."""


def write_gallery(
    path: str | os.PathLike, snapshot: Snapshot, model: ModelIdentity
) -> None:
    """Writes a gallery to a file that is complete or not there.

    Args:
        path: str or path; an older file is replaced at the end.
        snapshot: `Snapshot`.
        model: `ModelIdentity` of the embeddings.
    """
    numbers = snapshot.names[: snapshot.num_people]
    names = [name for name in numbers if name is not None]
    place = np.cumsum([name is not None for name in numbers], dtype="<i4") - 1
    kept = [owners != REMOVED for _, owners in snapshot.blocks]
    header = {
        "format_version": FORMAT_VERSION,
        "model": model.to_dict(),
        "num_crops": int(sum(np.count_nonzero(rows) for rows in kept)),
        "names": names,
    }
    text = json.dumps(header).encode()
    with new_file(path) as unfinished, open(unfinished, "wb") as file:
        digest = hashlib.sha256()

        def write(content: bytes | memoryview) -> None:
            file.write(content)
            digest.update(content)

        write(MAGIC + len(text).to_bytes(8, "little") + text)
        for (_, owners), rows in zip(snapshot.blocks, kept, strict=True):
            write(place[owners[rows]].tobytes())
        for (embeddings, _), rows in zip(snapshot.blocks, kept, strict=True):
            if not rows.all():
                embeddings = embeddings[rows]
            write(np.ascontiguousarray(embeddings, "<f4").data)
        file.write(digest.digest())


def read_gallery(path: str | os.PathLike) -> tuple[ModelIdentity, GalleryStore]:
    """Reads what `write_gallery` wrote, or says what is wrong with it.

    Args:
        path: str or path.

    Returns:
        `(model, store)`.

    Raises:
        GalleryError: no gallery, a truncated or damaged one, or one of another
            version.
        FileNotFoundError: there is no such file.
    """
    name = os.fspath(path)
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(
            f"There is no gallery file. Received: path={name!r}"
        )
    with open(path, "rb") as file:
        reader = _Reader(file, os.fstat(file.fileno()).st_size, name)
        header = reader.header()
        model = ModelIdentity.from_dict(header["model"])
        return model, reader.rows(header, model.embedding_dim)


class _Reader:
    """Reads a gallery from front to back, and hashes what it reads."""

    def __init__(self, file: BinaryIO, size: int, name: str) -> None:
        self.file, self.size, self.name = file, size, name
        self.digest = hashlib.sha256()

    def fail(self, what: str) -> NoReturn:
        raise GalleryError(f"{what} Received: path={self.name!r}")

    def read(self, size: int) -> bytes:
        content = self.file.read(size)
        self.digest.update(content)
        return content

    def header(self) -> dict[str, Any]:
        if self.read(len(MAGIC)) != MAGIC:
            self.fail("`path` must be a gallery file, and this is not one.")
        length = int.from_bytes(self.read(8), "little")
        if length > self.size:
            self.fail("The gallery file is damaged or cut off in its header.")
        try:
            header = json.loads(self.read(length))
            version = header["format_version"]
            if version == FORMAT_VERSION:
                self.check_header(header)
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise GalleryError(
                "The gallery file is damaged or cut off in its header "
                f"({error!r}). Received: path={self.name!r}"
            ) from error
        if version != FORMAT_VERSION:
            self.fail(
                f"The gallery's `format_version` must be {FORMAT_VERSION}, the "
                f"one this package reads, and is {version!r}."
            )
        return header

    def check_header(self, header: dict[str, Any]) -> None:
        names, num_crops = header["names"], header["num_crops"]
        if (
            set(header) != _KEYS
            or type(num_crops) is not int
            or num_crops < 0
            or not isinstance(names, list)
            or not all(isinstance(name, str) and name for name in names)
            or len(set(names)) != len(names)
        ):
            raise ValueError("its header does not describe a gallery")
        ModelIdentity.from_dict(header["model"])

    def rows(self, header: dict[str, Any], embedding_dim: int) -> GalleryStore:
        names, num_crops = header["names"], header["num_crops"]
        expected = self.file.tell() + num_crops * 4 * (1 + embedding_dim)
        expected += _DIGEST_SIZE
        if self.size != expected:
            self.fail(
                "The gallery file is damaged or cut off: it has "
                f"{self.size} bytes and should have {expected}."
            )
        owners = np.frombuffer(self.read(4 * num_crops), "<i4")
        store = GalleryStore(embedding_dim)
        for start in range(0, num_crops, BLOCK_SIZE):
            some = owners[start : start + BLOCK_SIZE]
            content = self.read(4 * len(some) * embedding_dim)
            if np.any((some < 0) | (some >= len(names))):
                self.fail(
                    "The gallery file is damaged: a crop belongs to nobody."
                )
            units = np.frombuffer(content, "<f4").reshape(-1, embedding_dim)
            store.add([names[owner] for owner in some], units)
        if self.file.read() != self.digest.digest():
            self.fail("The gallery file is damaged: its checksum differs.")
        return store
