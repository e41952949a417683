"""The rows of an extraction that is not finished, and what vouches for them."""

import hashlib
import io
import json
import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from keras_sphereface.files import GrowingFile, write_json

# A batch embedded again may differ in the last digits only, or it was another
# model.
_SAME_MODEL = 1e-3
_CHUNK = 2**20


class PartialRows:
    """Rows beside the `.npy` file that they become, added as they are made.

    They stand in a file that ends in `.partial`. After `note` the rows so far
    count: `.progress.json` has their number and a checksum of each part, so
    that a run that resumes takes up what is as it was written, and no more.

    Args:
        path: `Path` of the `.npy` file.
        job: dict of JSON types; rows of another job are not continued. Has
            `num_images` and `embedding_dim`.
        probe: float32, `[1, embedding_dim]`, the first row as it is now.

    Attributes:
        done: int, rows that are there.
    """

    def __init__(
        self, path: Path, job: dict[str, Any], probe: np.ndarray
    ) -> None:
        self.path = path
        self.partial = path.with_name(path.name + ".partial")
        self.state = path.with_name(path.name + ".progress.json")
        self._job = job
        shape = (job["num_images"], job["embedding_dim"])
        self._header = _header(shape)
        self._row_bytes = 4 * shape[1]
        self._parts = self._intact_parts(self._noted_parts())
        self.done = self._parts[-1][0] if self._parts else 0
        if self.done:
            self._check_model(probe)
        self._digest = hashlib.sha256()
        self._file = GrowingFile(self.partial)
        self._file.truncate(len(self._header) + self.done * self._row_bytes)
        if not self.done:
            self._file.truncate(0)
            self._file.append(self._header)
            self._digest.update(self._header)

    def __enter__(self) -> "PartialRows":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def append(self, rows: np.ndarray) -> None:
        """Adds rows.

        Args:
            rows: float, `[num_rows, embedding_dim]`.
        """
        content = np.ascontiguousarray(rows, "<f4").tobytes()
        self._file.append(content)
        self._digest.update(content)
        self.done += len(rows)

    def note(self) -> None:
        """Makes the rows so far count, whatever comes."""
        # The number is written last, so rows that count are on the disk.
        self._file.bring_to_disk()
        self._parts.append([self.done, self._digest.hexdigest()])
        self._digest = hashlib.sha256()
        content = {"job": self._job, "parts": self._parts}
        write_json(self.state, {**content, "sha256": _digest_of(content)})

    def finish(self) -> None:
        """Gives the file its name."""
        self._file.bring_to_disk()
        os.replace(self.partial, self.path)
        self.state.unlink(missing_ok=True)

    def _noted_parts(self) -> list[list[Any]]:
        if not (self.partial.is_file() and self.state.is_file()):
            return []
        content = _read_state(self.state)
        if content is None:
            _warn(f"{self.state} is damaged; all images are embedded anew.")
            return []
        if content["job"] != self._job:
            raise ValueError(
                "`path` has a beginning of another extraction: other images, "
                "another order, flip, normalize or embedding_dim. Remove it or "
                f"choose another path. Received: {self.partial} and "
                f"{self.state.name}"
            )
        return content["parts"]

    def _intact_parts(self, parts: list[list[Any]]) -> list[list[Any]]:
        """The first of the noted parts, up to one that has changed."""
        if not parts:
            return []
        with open(self.partial, "rb") as file:
            end = 0
            for index, (rows, digest) in enumerate(parts):
                start, end = end, len(self._header) + rows * self._row_bytes
                if _digest_of_range(file, end - start) != digest:
                    done = parts[index - 1][0] if index else 0
                    _warn(
                        f"{self.partial} is damaged; it is written anew from "
                        f"image {done} on."
                    )
                    return parts[:index]
        return parts

    def _check_model(self, probe: np.ndarray) -> None:
        with open(self.partial, "rb") as file:
            file.seek(len(self._header))
            first = np.frombuffer(file.read(self._row_bytes), "<f4")
        error = np.linalg.norm(first - probe) / np.linalg.norm(probe)
        if not error <= _SAME_MODEL:
            raise ValueError(
                "`path` has a beginning made with another model: the embedding "
                f"of the first image differs by {error:.2g} of its length. "
                f"Remove it or choose another path. Received: {self.partial}"
            )


def _header(shape: tuple[int, int]) -> bytes:
    """The beginning of a `.npy` file of float32."""
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        stream, {"descr": "<f4", "fortran_order": False, "shape": shape}
    )
    return stream.getvalue()


def _read_state(path: Path) -> dict[str, Any] | None:
    try:
        content = json.loads(path.read_bytes())
        digest = content.pop("sha256")
        return content if _digest_of(content) == digest else None
    except (ValueError, KeyError, AttributeError, TypeError, RecursionError):
        return None


def _digest_of(content: dict[str, Any]) -> str:
    text = json.dumps(content, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _digest_of_range(file: io.BufferedReader, size: int) -> str:
    digest = hashlib.sha256()
    while size > 0 and (block := file.read(min(size, _CHUNK))):
        digest.update(block)
        size -= len(block)
    return digest.hexdigest()


def _warn(text: str) -> None:
    warnings.warn(text, stacklevel=5)
