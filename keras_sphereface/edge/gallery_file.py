r"""A gallery in a file: plain bytes, nothing that could run.

| bytes | what |
|---|---|
| 8 | `SFGALRY\n` |
| 8 | length of the header, little-endian |
| the header | JSON: format version, model, numbers of crops, names |
| 4 per crop | int32, whose it is: a position in the names |
| 4 * embedding_dim per crop | float32, its embedding |
| 32 | SHA-256 of everything before, or HMAC-SHA-256 with a secret key |

That is version 1, in which galleries of float32 are written. In version 2 the
header has `dtype` too: `float16`, 2 bytes per number, or `int8`, 1 byte, a row
being the integers whose direction is that of the embedding, the largest of them
127 or -127.
"""

import hmac
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
from keras_sphereface.edge.vector_kinds import KINDS
from keras_sphereface.files import new_digest, new_file

MAGIC = b"SFGALRY\n"
FORMAT_VERSIONS = (1, 2)
# A block of a gallery takes this many numbers at once.
MAX_EMBEDDING_DIM = 2**14
_KEYS = {"format_version", "model", "num_crops", "names"}
_DIGEST_SIZE = 32
_SIZES = {"float32": 4, "float16": 2, "int8": 1}  # bytes per number


class GalleryError(ValueError):
    """A gallery file that is damaged or of another version."""


def write_gallery(
    path: str | os.PathLike,
    snapshot: Snapshot,
    model: ModelIdentity,
    key: bytes | None = None,
) -> None:
    """Writes a gallery to a file that is complete or not there.

    Args:
        path: str or path; an older file is replaced at the end.
        snapshot: `Snapshot`.
        model: `ModelIdentity` of the embeddings.
        key: bytes, see `Gallery.save`. Defaults to `None`.
    """
    digest = new_digest(key)
    numbers = snapshot.names[: snapshot.num_people]
    names = [name for name in numbers if name is not None]
    place = np.cumsum([name is not None for name in numbers], dtype="<i4") - 1
    kept = [owners != REMOVED for _, owners in snapshot.blocks]
    kind = snapshot.kind
    version = 1 if kind.name == "float32" else 2
    header = {
        "format_version": version,
        "model": model.to_dict(),
        "num_crops": int(sum(np.count_nonzero(rows) for rows in kept)),
        "names": names,
    }
    if version > 1:
        header["dtype"] = kind.name
    text = json.dumps(header).encode()
    with new_file(path) as unfinished, open(unfinished, "wb") as file:

        def write(content: bytes | memoryview) -> None:
            file.write(content)
            digest.update(content)

        write(MAGIC + len(text).to_bytes(8, "little") + text)
        for (_, owners), rows in zip(snapshot.blocks, kept, strict=True):
            write(place[owners[rows]].tobytes())
        for (block, _), rows in zip(snapshot.blocks, kept, strict=True):
            write(kind.to_bytes(block if rows.all() else block[rows]).data)
        file.write(digest.digest())


def read_gallery(
    path: str | os.PathLike, key: bytes | None = None
) -> tuple[ModelIdentity, GalleryStore]:
    """Reads what `write_gallery` wrote, or says what is wrong with it.

    Args:
        path: str or path.
        key: bytes, the one it was written with. Defaults to `None`, none.

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
        size = os.fstat(file.fileno()).st_size
        reader = _Reader(file, size, name, key)
        header = reader.header()
        model = ModelIdentity.from_dict(header["model"])
        return model, reader.rows(header, model.embedding_dim)


class _Reader:
    """Reads a gallery from front to back, and hashes what it reads."""

    def __init__(
        self, file: BinaryIO, size: int, name: str, key: bytes | None
    ) -> None:
        self.file, self.size, self.name = file, size, name
        self.digest = new_digest(key)

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
            if version in FORMAT_VERSIONS:
                self.check_header(header)
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise GalleryError(
                "The gallery file is damaged or cut off in its header "
                f"({error!r}). Received: path={self.name!r}"
            ) from error
        if version not in FORMAT_VERSIONS:
            self.fail(
                f"The gallery's `format_version` must be {FORMAT_VERSIONS[0]} "
                f"or {FORMAT_VERSIONS[1]}, those that this package reads, and "
                f"is {version!r}."
            )
        return header

    def check_header(self, header: dict[str, Any]) -> None:
        names, num_crops = header["names"], header["num_crops"]
        keys = _KEYS if header["format_version"] == 1 else {*_KEYS, "dtype"}
        if (
            set(header) != keys
            or header.get("dtype", "float32") not in list(_SIZES)
            or type(num_crops) is not int
            or num_crops < 0
            or not isinstance(names, list)
            or not all(isinstance(name, str) and name for name in names)
            or len(set(names)) != len(names)
        ):
            raise ValueError("its header does not describe a gallery")
        model = ModelIdentity.from_dict(header["model"])
        if model.embedding_dim > MAX_EMBEDDING_DIM:
            raise ValueError(
                f"its embeddings have {model.embedding_dim} dimensions, more "
                f"than {MAX_EMBEDDING_DIM}"
            )

    def rows(self, header: dict[str, Any], embedding_dim: int) -> GalleryStore:
        names, num_crops = header["names"], header["num_crops"]
        kind = KINDS[header.get("dtype", "float32")]
        row_size = _SIZES[kind.name] * embedding_dim
        expected = self.file.tell() + num_crops * (4 + row_size) + _DIGEST_SIZE
        if self.size != expected:
            self.fail(
                "The gallery file is damaged or cut off: it has "
                f"{self.size} bytes and should have {expected}."
            )
        owners = np.frombuffer(self.read(4 * num_crops), "<i4")
        if np.any((owners < 0) | (owners >= len(names))):
            self.fail("The gallery file is damaged: a crop belongs to nobody.")
        if len(np.unique(owners)) != len(names):
            self.fail("The gallery file is damaged: somebody has no crop.")
        store = GalleryStore(embedding_dim, kind)
        wrong_row = None
        for start in range(0, num_crops, BLOCK_SIZE):
            some = owners[start : start + BLOCK_SIZE]
            content = self.read(len(some) * row_size)
            rows, is_right = kind.from_bytes(content, embedding_dim)
            if wrong_row is None and not is_right.all():
                wrong_row = start + int(is_right.argmin())
            store.add_rows([names[owner] for owner in some], rows)
        if not hmac.compare_digest(self.file.read(), self.digest.digest()):
            self.fail(
                "The gallery file is damaged: its checksum differs; or it was "
                "sealed with another key, or none."
            )
        # Whoever changed a row could make the checksum fit; a row that is not
        # of norm 1 would win every search, or break it.
        if wrong_row is not None:
            self.fail(
                "Every embedding of a gallery must be finite and of norm 1, "
                f"and that of crop {wrong_row}, of "
                f"{names[owners[wrong_row]]!r}, is not; the file was changed."
            )
        return store
