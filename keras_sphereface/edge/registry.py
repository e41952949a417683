"""Runtimes of model files, by the suffix of a file."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, overload

import numpy as np

from keras_sphereface.contract.registry import Registry

if TYPE_CHECKING:
    from keras_sphereface.edge.artifact_file import ArtifactFile


class Engine(Protocol):
    """What runs the model of a file; see `register`."""

    @property
    def input_shape(self) -> tuple[int, ...]: ...

    @property
    def input_dtype(self) -> type[np.generic]: ...

    @property
    def embedding_dim(self) -> int: ...

    @property
    def fixed_batch(self) -> int | None: ...

    def embed(self, images: np.ndarray) -> np.ndarray: ...


# Makes an engine of a file and a number of threads.
OpenEngine = Callable[["ArtifactFile", int | None], Engine]
# From the bytes of a file and the name of the entry to the manifest's JSON.
ReadManifest = Callable[[bytes, str], bytes | None]
_OpenEngine = TypeVar("_OpenEngine", bound=OpenEngine)

_ENGINES = Registry("engine")
_MANIFEST_READERS: dict[str, ReadManifest] = {}


@overload
def register(
    suffix: str, *, read_manifest: ReadManifest
) -> Callable[[_OpenEngine], _OpenEngine]: ...


@overload
def register(
    suffix: str, engine: _OpenEngine, *, read_manifest: ReadManifest
) -> _OpenEngine: ...


def register(
    suffix: str,
    engine: OpenEngine | None = None,
    *,
    read_manifest: ReadManifest,
) -> Any:
    """Lets `FaceVerifier` open model files with a suffix.

    Args:
        suffix: str, in lower case, such as `".ort"`.
        engine: class or function of an `ArtifactFile` and the number of
            threads, an int or `None`. What it returns has `input_shape`,
            `(height, width, channels)`; `input_dtype`, `np.float32` or
            `np.uint8`; `embedding_dim`; `fixed_batch`, int or `None`; and
            `embed(images)`, from uint8 or float32 `[batch_size, height, width,
            channels]` to float32 `[batch_size, embedding_dim]`; threads may
            share it. Defaults to `None`: a decorator comes back.
        read_manifest: function of the bytes of a file and the name of the
            entry, to the JSON text of its `contract.Manifest`, bytes, or
            `None` where there is none; a `ValueError` says what is damaged.
            `contract.seal` completes a file that holds this text.

    Returns:
        `engine`, or a decorator.

    Example:

    ```python
    @ks.edge.register(".ort", read_manifest=manifest_of_ort_file)
    class OrtEngine: ...
    ```
    """
    if engine is None:
        return lambda engine: register(
            suffix, engine, read_manifest=read_manifest
        )
    is_suffix = isinstance(suffix, str) and suffix.startswith(".")
    if not is_suffix or suffix != suffix.lower():
        raise ValueError(
            "`suffix` must be the end of a file name in lower case, such as "
            f"'.ort'. Received: suffix={suffix!r}"
        )
    _ENGINES.register(suffix, engine)
    _MANIFEST_READERS[suffix] = read_manifest
    return engine


def names() -> list[str]:
    """Suffixes of the files that `FaceVerifier` opens, sorted.

    Returns:
        List of str.
    """
    return _ENGINES.names()


def engine_of(suffix: str) -> OpenEngine:
    """What runs files with a suffix.

    Args:
        suffix: str, one of `names()`.

    Returns:
        Class or function of an `ArtifactFile` and the number of threads.
    """
    return _ENGINES.get(suffix)


def manifest_reader_of(suffix: str) -> ReadManifest:
    """What finds the manifest in files with a suffix.

    Args:
        suffix: str, one of `names()`.

    Returns:
        Function of the bytes of a file and the name of the entry, to bytes or
        `None`.
    """
    return _MANIFEST_READERS[suffix]
