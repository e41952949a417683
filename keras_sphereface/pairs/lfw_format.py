"""The text format of Labeled Faces in the Wild's `pairs.txt`."""

import os
from pathlib import Path
from typing import Any

import numpy as np

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png")
_Line = tuple[int, list[str]]  # its number and fields
_Image = tuple[str, int]  # name and image number


def read_lfw_pairs(
    pairs_file: str | os.PathLike, root: str | os.PathLike
) -> dict[str, Any]:
    """Reads a pairs file and finds its images.

    Args:
        pairs_file: path of the text file.
        root: folder with one folder per person.

    Returns:
        Dict of `images` (paths, each once), `people`, `index_a`, `index_b`,
        `is_same` and `folds`: the arguments of `PairSet`.
    """
    pairs_file, root = Path(pairs_file), Path(root)
    if not root.is_dir():
        raise FileNotFoundError(
            f"`root` must be a folder with one folder per person. "
            f"Received: root={root}"
        )
    lines = _numbered_lines(pairs_file)
    num_folds, pairs_of_a_kind = _read_header(pairs_file, lines)
    pairs = [_read_pair(pairs_file, *line) for line in lines[1:]]
    is_same = np.array([first[0] == second[0] for first, second in pairs])
    is_same = is_same.reshape(num_folds, 2 * pairs_of_a_kind)
    for fold, num_same in enumerate(is_same.sum(axis=1)):
        if num_same != pairs_of_a_kind:
            raise ValueError(
                f"{pairs_file}: fold {fold} must have {pairs_of_a_kind} pairs "
                f"of one person, as the first line says. Received: {num_same}"
            )
    paths = _find_images(pairs_file, root, lines[1:], pairs)
    position = {image: index for index, image in enumerate(paths)}
    return {
        "images": list(paths.values()),
        "people": np.array([name for name, _ in paths]),
        "index_a": np.array([position[first] for first, _ in pairs]),
        "index_b": np.array([position[second] for _, second in pairs]),
        "is_same": is_same.ravel(),
        "folds": np.repeat(np.arange(num_folds), 2 * pairs_of_a_kind),
    }


def _numbered_lines(pairs_file: Path) -> list[_Line]:
    """`(line number, fields)` of every line that is not blank."""
    try:
        text = pairs_file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(
            f"A pairs file must be UTF-8 text. Received: {pairs_file} ({error})"
        ) from error
    lines = []
    for number, line in enumerate(text.splitlines(), start=1):
        # A name may hold spaces where tabs part the fields.
        fields = line.strip().split("\t" if "\t" in line.strip() else None)
        if fields:
            lines.append((number, [field.strip() for field in fields]))
    if not lines:
        raise ValueError(f"The pairs file is empty. Received: {pairs_file}")
    return lines


def _read_header(pairs_file: Path, lines: list[_Line]) -> tuple[int, int]:
    """`(num_folds, pairs_of_a_kind)`, checked against the number of lines."""
    number, fields = lines[0]
    if len(fields) > 2 or not all(_is_count(field) for field in fields):
        raise ValueError(
            f"{pairs_file}, line {number}: the first line must be the number "
            "of folds and of pairs of each kind in a fold, such as `10 300`, "
            f"or only the latter. Received: {' '.join(fields)!r}"
        )
    *folds, pairs_of_a_kind = (int(field) for field in fields)
    num_pairs = len(lines) - 1
    num_folds = folds[0] if folds else num_pairs // (2 * pairs_of_a_kind)
    if num_folds < 1 or num_pairs != num_folds * 2 * pairs_of_a_kind:
        raise ValueError(
            f"{pairs_file}: the first line, {' '.join(fields)!r}, promises "
            f"{max(num_folds, 1)} folds of 2 * {pairs_of_a_kind} pairs. "
            f"Received: {num_pairs} pairs"
        )
    return num_folds, pairs_of_a_kind


def _read_pair(
    pairs_file: Path, number: int, fields: list[str]
) -> tuple[_Image, _Image]:
    """Two images, each `(name, image number)`."""
    if len(fields) == 3:
        fields = [fields[0], fields[1], fields[0], fields[2]]
    elif len(fields) != 4 or fields[0] == fields[2]:
        fields = []
    if not fields or not (_is_count(fields[1]) and _is_count(fields[3])):
        raise ValueError(
            f"{pairs_file}, line {number}: a pair must be `name 1 2` for one "
            "person or `name 1 other 2` for two."
        )
    first = (fields[0], int(fields[1]))
    second = (fields[2], int(fields[3]))
    if first == second:
        raise ValueError(
            f"{pairs_file}, line {number}: a pair must show two images. "
            f"Received: {fields[0]} {fields[1]} twice"
        )
    return first, second


def _is_count(field: str) -> bool:
    return field.isdecimal() and int(field) > 0


def _find_images(
    pairs_file: Path,
    root: Path,
    lines: list[_Line],
    pairs: list[tuple[_Image, _Image]],
) -> dict[_Image, Path]:
    """`{(name, image number): path}` in order of appearance."""
    paths: dict[_Image, Path] = {}
    missing: dict[_Image, tuple[int, Path]] = {}
    for (number, _), pair in zip(lines, pairs, strict=True):
        for name, image_number in pair:
            key = (name, image_number)
            if key in paths or key in missing:
                continue
            stem = root / name / f"{name}_{image_number:04d}"
            for suffix in IMAGE_SUFFIXES:
                path = stem.with_name(stem.name + suffix)
                if path.is_file():
                    paths[key] = path
                    break
            else:
                missing[key] = (number, stem)
    if missing:
        number, stem = next(iter(missing.values()))
        raise FileNotFoundError(
            f"{pairs_file}, line {number}: no image {stem}"
            f"{IMAGE_SUFFIXES[0]} (nor {' nor '.join(IMAGE_SUFFIXES[1:])}). "
            f"Received: {len(missing)} missing images"
        )
    return paths
