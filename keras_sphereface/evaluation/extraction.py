"""Embedding more images than memory holds, and going on after a stop."""

import contextlib
import hashlib
import math
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from keras_sphereface.contract import (
    FaceInput,
    StoredImages,
    flip_fusion,
    to_numpy,
    unit_embeddings,
)
from keras_sphereface.contract.image_sources import ImageList, Images
from keras_sphereface.contract.similarity import Embed
from keras_sphereface.evaluation.partial_rows import PartialRows
from keras_sphereface.files.mapped_files import name_when_cut
from keras_sphereface.pairs.named_images import (
    check_images,
    image_batches,
    image_names,
)


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
    `.partial`, and counted in one that ends in `.progress.json`, with
    checksums. Called again after a crash or Ctrl-C it resumes after the last
    rows that are as they were written, if images, flip and model are the same:
    the first image is embedded again and compared. Damaged rows are made anew,
    with a warning. `path` itself appears complete or not at all, and an older
    one is replaced.

    Args:
        embed: callable, uint8 images `[batch_size, height, width, 3]` to
            embeddings `[batch_size, embedding_dim]`, as array or tensor.
        images: uint8 array `[num_images, height, width, 3]`, a sequence of
            paths or encoded images, a folder, or a data set; see
            `contract.list_images`.
        path: file to write, ending in `.npy`.
        flip: bool, whether the mirror image's embedding is added. Defaults to
            `False`.
        normalize: bool, whether rows get norm 1. `False` keeps the norms, for
            `pool_templates(weighting="norm")`. Defaults to `True`.
        batch_size: int, at least 1. Defaults to `64`.
        names: what an error calls each image. Defaults to the paths, to
            what a data set calls them, or to `"image 0"`, ...
        face_input: `FaceInput` every image must fit. Defaults to `None`: all
            must have the size of the first.
        progress: bool, whether to show a progress bar. Defaults to `False`.

    Returns:
        Read-only float32 array on the file, `[num_images, embedding_dim]`.

    Raises:
        ValueError: an image cannot be read, or its embedding is all zeros or
            not finite; the image is named. What came before it is kept.
        OSError: the disk is full, or failed; the error has the file's name.
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
    job = {
        "images": _fingerprint(images, names),
        "num_images": len(images),
        "embedding_dim": probe.shape[1],
        "flip": flip,
        "normalize": normalize,
    }
    with (
        PartialRows(path, job, probe) as output,
        _bar(progress, output.done, len(images)) as bar,
    ):
        for batch in image_batches(
            images,
            names,
            batch_size=batch_size,
            face_input=face_input,
            start=output.done,
        ):
            output.append(rows(batch, output.done))
            bar(len(batch))
            if _due(output.done, len(images), batch_size):
                output.note()
        output.finish()
    result = np.load(path, mmap_mode="r")
    name_when_cut(result, path)
    return result


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


def _fingerprint(images: ImageList, names: Sequence[str]) -> str:
    """What must be equal for rows of an earlier run to be of use."""
    digest = hashlib.sha256()
    if isinstance(images, np.ndarray):
        digest.update(str(images.shape).encode())
        # A hundred images tell sets apart; reading all may take minutes.
        step = max(len(images) // 100, 1)
        digest.update(np.ascontiguousarray(images[::step]).tobytes())
    else:
        # What a data set holds is read from the disk: some of it, as above.
        is_stored = isinstance(images, StoredImages)
        step = max(len(images) // 100, 1) if is_stored else 1
        for image in images[::step]:
            # The name of what is in memory says only where it stood.
            if not isinstance(image, (str, os.PathLike)):
                if isinstance(image, np.ndarray):
                    image = image.tobytes()
                digest.update(hashlib.sha256(image).digest())
    for name in names:
        digest.update(name.encode("utf-8", "surrogateescape") + b"\0")
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
