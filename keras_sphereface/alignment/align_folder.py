"""A folder of photographs into a folder of aligned crops."""

import contextlib
import csv
import io
import os
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from PIL import Image

from keras_sphereface.alignment.contact_sheet import write_contact_sheet
from keras_sphereface.alignment.landmark_table import COLUMNS
from keras_sphereface.alignment.picture_aligner import (
    ALIGNED,
    Outcome,
    PictureAligner,
)
from keras_sphereface.contract.arguments import check_integer
from keras_sphereface.contract.image_folders import say_left_out
from keras_sphereface.contract.image_policy import why_left_out
from keras_sphereface.files import GrowingFile, new_file, new_stream

LOG_NAME = "alignment.csv"
SHEET_NAME = "contact_sheet.png"
NOT_AN_IMAGE = "not an image"
_HEADER = ("path", "status", "faces", "score", *COLUMNS, "reason")
_aligner: PictureAligner | None = None  # of a worker process


def align_folder(
    source,
    out,
    *,
    detector="mtcnn",
    model_path=None,
    landmarks_path=None,
    rule="center_and_size",
    size=(112, 112),
    min_score=0.0,
    quality=95,
    workers=1,
    progress=False,
) -> dict[str, int]:
    """Aligns every photograph of a folder and its sub-folders.

    Photographs are JPEG, PNG, WebP, BMP, PGM and PPM, whatever their names;
    other files are counted as `"not an image"`.

    The crop of `source/ann/1.png` is `out/ann/1.jpg`. Beside the crops stand
    `alignment.csv`, what became of each file with its landmarks, and
    `contact_sheet.png`, some of the crops, to look at. If stopped, it
    resumes when called again: photographs in the log are not read again.

    Args:
        source: folder of photographs.
        out: folder to write.
        detector: `"mtcnn"`, `"yunet"`, `"edge"`, `"csv"`, or with one worker a
            function, see `PictureAligner`. Defaults to `"mtcnn"`.
        model_path: model file of YuNet or of an `edge.FaceDetector`, or the
            CSV. Defaults to `None`.
        landmarks_path: `face_landmark.tflite` of an `edge.FaceDetector`.
            Defaults to `None`.
        rule: which of several faces: `"center_and_size"`, `"largest"`,
            `"center"` or `"best_score"`, see `choose_face`. Defaults to
            `"center_and_size"`.
        size: `(height, width)` of the crops. Defaults to `(112, 112)`.
        min_score: float; faces of a lower score do not count. Defaults to `0`.
        quality: int, of the JPEG files, in `[1, 100]`; `0` writes PNG.
            Defaults to `95`.
        workers: int, processes. Defaults to `1`, this one.
        progress: bool, whether to show a bar. Defaults to `False`.

    Returns:
        Dict of the number of files by status, as `Outcome` has it, or
        `"not an image"`.
    """
    source, out = Path(source), Path(out)
    if not source.is_dir():
        raise ValueError(
            f"`source` must be a folder of photographs. Received: {source}"
        )
    workers = check_integer("workers", workers, at_least=1)
    quality = check_integer("quality", quality, at_least=0, at_most=100)
    suffix = ".jpg" if quality else ".png"
    names, others = _photographs(source, out)
    _check_targets(names, suffix)
    out.mkdir(parents=True, exist_ok=True)
    log_path = out / LOG_NAME
    done = _read_log(log_path, out, suffix)
    waiting = [name for name in names if name not in done]
    options = {
        "root": source,
        "detector": detector,
        "model_path": model_path,
        "landmarks_path": landmarks_path,
        "rule": rule,
        "size": size,
        "min_score": min_score,
    }
    with (
        _outcomes(waiting, options, workers) as outcomes,
        GrowingFile(log_path) as log,
        _bar(progress, len(done), len(names)) as advance,
    ):
        for name in others:
            if name not in done:
                outcome = Outcome(NOT_AN_IMAGE, reason=others[name])
                log.append(_line(_row(name, outcome)))
                done[name] = outcome.status
        for name, outcome in zip(waiting, outcomes, strict=True):
            if outcome.crop is not None:
                _save(outcome.crop, (out / name).with_suffix(suffix), quality)
            log.append(_line(_row(name, outcome)))
            done[name] = outcome.status
            advance(1)
    counts = Counter(done[name] for name in (*names, *others))
    aligned = [name for name in names if done[name] == ALIGNED]
    write_contact_sheet(
        out / SHEET_NAME,
        [(out / name).with_suffix(suffix) for name in aligned],
        size,
    )
    return dict(counts)


def _photographs(source, out):
    """Paths in the folder, with slashes, in order; not those of `out`.

    First those of photographs, then a dict of the others to what they are.
    """
    names, others = [], {}
    inside = os.path.realpath(out)
    for folder, folders, files in os.walk(source):
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".")
            and os.path.realpath(os.path.join(folder, name)) != inside
        )
        for name in sorted(files):
            path = Path(folder, name)
            if name.startswith("."):
                continue
            relative = path.relative_to(source).as_posix()
            if reason := why_left_out(path):
                others[relative] = reason
            else:
                names.append(relative)
    if not names:
        found = say_left_out(others)
        raise ValueError(
            "`source` must hold photographs. Received: none in "
            f"{source}{found and f': {found}'}"
        )
    return names, others


def _check_targets(names, suffix):
    targets = Counter(str(Path(name).with_suffix(suffix)) for name in names)
    twice = [target for target, count in targets.items() if count > 1]
    if twice:
        raise ValueError(
            "Photographs of one folder must differ in more than the ending of "
            f"their names. Received: {len(twice)} like {twice[0]}"
        )


def _read_log(path, out, suffix):
    """Status by path, of what an earlier call has finished."""
    if not path.exists() or not path.stat().st_size:
        with new_file(path) as temporary:
            temporary.write_text(",".join(_HEADER) + "\n", encoding="utf-8")
        return {}
    lines = path.read_bytes()
    whole = lines[: lines.rfind(b"\n") + 1]
    first, _, rest = whole.partition(b"\n")
    if first == ",".join(_HEADER[:-1]).encode():  # of an earlier version
        whole = first + b"," + _HEADER[-1].encode() + b"\n" + rest
    if whole != lines:  # stopped while it wrote the last line
        with new_file(path) as temporary:
            temporary.write_bytes(whole)
    with open(
        path, encoding="utf-8", errors="surrogateescape", newline=""
    ) as file:
        rows = list(csv.DictReader(file, restval=""))
    if rows and not {"path", "status"} <= set(rows[0]):
        raise ValueError(f"{path} is not a log of alignment; remove it.")
    return {
        row["path"]: row["status"]
        for row in rows
        if row["status"] != ALIGNED
        or (out / row["path"]).with_suffix(suffix).is_file()
    }


@contextlib.contextmanager
def _outcomes(names, options, workers):
    if workers == 1:
        yield map(PictureAligner(**options), names) if names else iter(())
        return
    with ProcessPoolExecutor(
        workers, get_context("spawn"), _start_worker, (options,)
    ) as pool:
        yield pool.map(_align, names, chunksize=4)


def _start_worker(options):
    global _aligner
    _aligner = PictureAligner(**options)


def _align(name):
    return _aligner(name)


def _save(crop, path, quality):
    with new_stream(path) as stream:
        kind = "JPEG" if quality else "PNG"
        options = {"quality": quality, "subsampling": 0} if quality else {}
        Image.fromarray(crop).save(stream, kind, **options)


def _line(row):
    text = io.StringIO(newline="")
    csv.writer(text).writerow(row)
    return text.getvalue().encode("utf-8", "surrogateescape")


def _row(name, outcome):
    face = outcome.face
    if face is None:
        empty = [""] * 11
        reason = outcome.reason
        return [name, outcome.status, outcome.num_faces, *empty, reason]
    points = [f"{value:.2f}" for value in face.landmarks.ravel()]
    score = f"{face.score:.4f}"
    return [name, outcome.status, outcome.num_faces, score, *points, ""]


@contextlib.contextmanager
def _bar(progress, done, total):
    if not progress:
        yield lambda count: None
        return
    from tqdm import tqdm

    with tqdm(initial=done, total=total, desc="aligning", unit="img") as bar:
        yield bar.update
