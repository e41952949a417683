"""The protocol folders of Celebrities in Frontal-Profile in the Wild."""

import os
from pathlib import Path
from typing import Any

from keras_sphereface.contract.arguments import check_choice
from keras_sphereface.files.text_file import read_lines, shorten
from keras_sphereface.pairs.pair_columns import columns_of

PROTOCOLS = ("FP", "FF")


def read_cfp_pairs(
    root: str | os.PathLike, protocol: str = "FP"
) -> dict[str, Any]:
    """Reads the ten splits of CFP.

    `root/Protocol/Pair_list_F.txt` and `Pair_list_P.txt` number the frontal
    and the profile images; `root/Protocol/Split/FP/01/same.txt` and `diff.txt`
    have a pair of numbers per line, `1,12`.

    Args:
        root: folder with `Protocol` in it, such as `cfp-dataset`.
        protocol: `"FP"`, frontal to profile, or `"FF"`. Defaults to `"FP"`.

    Returns:
        Dict, the arguments of `PairSet`. A person has the number of their
        folder.
    """
    check_choice("protocol", protocol, PROTOCOLS)
    folder = Path(root) / "Protocol"
    lists = [_read_list(folder / f"Pair_list_{kind}.txt") for kind in protocol]
    splits = sorted((folder / "Split" / protocol).glob("[0-9]*"))
    if not splits:
        raise FileNotFoundError(
            f"`root` must hold Protocol/Split/{protocol}/01 and more. "
            f"Received: root={root}"
        )
    pairs: list[list[Path]] = []
    is_same: list[bool] = []
    folds: list[int] = []
    for fold, split in enumerate(splits):
        for name, same in (("same.txt", True), ("diff.txt", False)):
            found = _read_split(split / name, lists)
            pairs += found
            is_same += [same] * len(found)
            folds += [fold] * len(found)
    # Data/Images/007/frontal/01.jpg shows person 007.
    people = {path: path.parent.parent.name for pair in pairs for path in pair}
    return columns_of(pairs, is_same, folds, people)


def _read_list(path: Path) -> dict[int, Path]:
    images = {}
    for number, line in read_lines(path):
        fields = line.split(maxsplit=1)
        if len(fields) != 2 or not _is_number(fields[0]):
            raise ValueError(
                f"{path}, line {number}: must be a number and a path. "
                f"Received: {shorten(line)}"
            )
        images[int(fields[0])] = path.parent / fields[1].strip()
    return {key: image.resolve() for key, image in images.items()}


def _read_split(path: Path, lists: list[dict[int, Path]]) -> list[list[Path]]:
    pairs = []
    for number, line in read_lines(path):
        fields = [field.strip() for field in line.split(",")]
        known = len(fields) == 2 and all(
            _is_number(field) and int(field) in images
            for field, images in zip(fields, lists, strict=True)
        )
        if not known:
            raise ValueError(
                f"{path}, line {number}: must be two numbers of the lists, "
                f"such as 1,12. Received: {shorten(line)}"
            )
        pair = [i[int(f)] for f, i in zip(fields, lists, strict=True)]
        for image in pair:
            if not image.is_file():
                raise FileNotFoundError(
                    f"{path}, line {number}: no image {image}"
                )
        pairs.append(pair)
    return pairs


def _is_number(field: str) -> bool:
    return field.isdecimal() and len(field) < 10
