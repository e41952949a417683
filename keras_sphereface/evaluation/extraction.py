"""Embedding more images than memory holds, and going on after a stop."""

import contextlib
import hashlib
import json
import math
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from keras_sphereface.contract import (
    FaceInput,
    flip_fusion,
    to_numpy,
    unit_embeddings,
)
from keras_sphereface.contract.similarity import Embed
from keras_sphereface.files import write_json
from keras_sphereface.pairs.named_images import (
    Images,
    check_images,
    image_batches,
    image_names,
)

# A batch embedded again may differ in the last digits only, or it was another
# model.
_SAME_MODEL = 1e-3


def extract_embeddings(
    embed: Embed,
    images: Images,
    path: str | os.PathLike,
    *,
    flip: bool = False,
    normalize: bool = True,
    batch_size: int = 64,
    names: Sequence[str] | None = None,
    face_input: FaceInput | None = None,
    progress: bool = False,
) -> np.ndarray:
    """Embeds images into a memory-mapped `.npy` file.

    Rows are written as they are made, to a file beside `path` that ends in
    `.partial`, and counted in one that ends in `.progress.json`. Called again
    after a crash or Ctrl-C it resumes after the last full batch, if images,
    flip and model are the same: the first image is embedded again and compared.
    `path` itself appears complete or not at all, and an older one is replaced.

    Args:
        embed: callable, uint8 images `[batch_size, height, width, 3]` to
            embeddings `[batch_size, embedding_dim]`, as array or tensor.
        images: sequence of image paths, or uint8 array
            `[num_images, height, width, 3]`.
        path: file to write, ending in `.npy`.
        flip: bool, whether the mirror image's embedding is added. Defaults to
            `False`.
        normalize: bool, whether rows get norm 1. `False` keeps the norms, for
            `pool_templates(weighting="norm")`. Defaults to `True`.
        batch_size: int, at least 1. Defaults to `64`.
        names: what an error calls each image. Defaults to the paths, or to
            `"image 0"`, ...
        face_input: `FaceInput` every image must fit. Defaults to `None`: all
            must have the size of the first.
        progress: bool, whether to show a progress bar. Defaults to `False`.

    Returns:
        Read-only float32 array on the file, `[num_images, embedding_dim]`.

    Raises:
        ValueError: an image cannot be read, or its embedding is all zeros or
            not finite; the image is named. What came before it is kept.
    """
    path = Path(path)
    if path.suffix != ".npy":
        raise ValueError(
            f"`path` must end in .npy. Received: path={os.fspath(path)!r}"
        )
    images = check_images(images)
    names = image_names(images, names)

    def rows(batch: np.ndarray, start: int) -> np.ndarray:
        batch_names = names[start : start + len(batch)]
        return _rows(embed, batch, batch_names, flip, normalize)

    first = next(
        image_batches(images, names, batch_size=1, face_input=face_input)
    )
    if face_input is None:
        face_input = FaceInput(*first.shape[1:3])
    probe = rows(first, 0)
    partial = path.with_name(path.name + ".partial")
    state = path.with_name(path.name + ".progress.json")
    job = {
        "images": _fingerprint(images, names),
        "num_images": len(images),
        "embedding_dim": probe.shape[1],
        "flip": flip,
        "normalize": normalize,
    }
    done = _rows_done(partial, state, job, probe)
    # The row count is written last, so rows that count are on the disk.
    output = np.lib.format.open_memmap(
        partial,
        mode="r+" if done else "w+",
        dtype=np.float32,
        shape=(len(images), probe.shape[1]),
    )
    with _bar(progress, done, len(images)) as bar:
        for batch in image_batches(
            images,
            names,
            batch_size=batch_size,
            face_input=face_input,
            start=done,
        ):
            output[done : done + len(batch)] = rows(batch, done)
            done += len(batch)
            bar(len(batch))
            if _due(done, len(images), batch_size):
                output.flush()
                write_json(state, {**job, "done": done})
    del output
    os.replace(partial, path)
    state.unlink(missing_ok=True)
    return np.load(path, mmap_mode="r")


def _due(done: int, num_images: int, batch_size: int) -> bool:
    """Whether to note the progress: some hundred times in all."""
    every = max(math.ceil(num_images / 200 / batch_size), 1) * batch_size
    return done == num_images or done % every == 0


def _rows(
    embed: Embed,
    batch: np.ndarray,
    names: Sequence[str],
    flip: bool,
    normalize: bool,
) -> np.ndarray:
    if normalize:
        rows = (
            flip_fusion(embed, batch, names)
            if flip
            else unit_embeddings(embed(batch), names)
        )
    else:
        rows = to_numpy(embed(batch)).astype(np.float32)
        if flip:
            mirrored = np.ascontiguousarray(batch[:, :, ::-1])
            rows = rows + to_numpy(embed(mirrored)).astype(np.float32)
        unit_embeddings(rows, names)  # raises for zeros and NaN
    if len(rows) != len(batch):
        raise ValueError(
            "`embed` must return one embedding per image. "
            f"Received: {len(rows)} embeddings of {len(batch)} images"
        )
    return rows


def _rows_done(
    partial: Path, state: Path, job: dict[str, Any], probe: np.ndarray
) -> int:
    if not (partial.is_file() and state.is_file()):
        return 0
    try:
        content = json.loads(state.read_bytes())
        done = content.pop("done")
        first = np.load(partial, mmap_mode="r")[:1]
    except (ValueError, KeyError, EOFError):
        content = None
    if content != job:
        raise ValueError(
            "`path` has a beginning of another extraction: other images, "
            "another order, flip, normalize or embedding_dim. Remove it or "
            f"choose another path. Received: {partial} and {state.name}"
        )
    error = np.linalg.norm(first - probe) / np.linalg.norm(probe)
    if not error <= _SAME_MODEL:
        raise ValueError(
            "`path` has a beginning made with another model: the embedding of "
            f"the first image differs by {error:.2g} of its length. Remove it "
            f"or choose another path. Received: {partial}"
        )
    return done


def _fingerprint(images: Images, names: Sequence[str]) -> str:
    """What must be equal for rows of an earlier run to be of use."""
    digest = hashlib.sha256()
    if isinstance(images, np.ndarray):
        digest.update(str(images.shape).encode())
        # A hundred images tell sets apart; reading all may take minutes.
        step = max(len(images) // 100, 1)
        digest.update(np.ascontiguousarray(images[::step]).tobytes())
    else:
        for image in images:
            if isinstance(image, bytes):  # its name says only where it stood
                digest.update(hashlib.sha256(image).digest())
    for name in names:
        digest.update(name.encode() + b"\0")
    return digest.hexdigest()


@contextlib.contextmanager
def _bar(
    progress: bool, done: int, total: int
) -> Iterator[Callable[[int], object]]:
    if not progress:
        yield lambda count: None
        return
    from tqdm import tqdm

    with tqdm(initial=done, total=total, desc="embedding", unit="img") as bar:
        yield bar.update
