"""Two lines per pair: the lists of Cross-Age and Cross-Pose LFW.

`Ann_0001.jpg 1` and `Ann_0002.jpg 1` are one person, `Ann_0001.jpg 0` and
`Bob_0001.jpg 0` are two; CALFW numbers the pairs of one person in place of 1.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from keras_sphereface.files.text_file import shorten
from keras_sphereface.pairs.image_finder import ImageFinder
from keras_sphereface.pairs.pair_columns import columns_of
from keras_sphereface.pairs.pair_people import people_of_names
from keras_sphereface.pairs.path_list_format import is_path
from keras_sphereface.pairs.text_forms import PairText, Row, text_form


def is_two_lines(rows: Sequence[Row]) -> bool:
    """Whether the first two rows are an image and the same number each.

    Args:
        rows: list of `(number, fields)`.

    Returns:
        bool.
    """
    first = [fields for _, fields in rows[:2]]
    return len(first) == 2 and all(map(_is_image, first))


@text_form("Ann_0001.jpg 1", is_two_lines)
def read_two_lines(text: PairText, root: Path) -> dict[str, Any]:
    """The arguments of `PairSet` from two lines per pair.

    The files have all pairs of one person first; `ten_folds` deals both kinds
    to the folds in their order, as FaceX-Zoo does.

    Args:
        text: `PairText`.
        root: folder of the images.

    Returns:
        Dict, the arguments of `PairSet`.
    """
    lines, is_same = [], []
    for place in range(0, len(text.rows), 2):
        both = text.rows[place : place + 2]
        number, fields = both[-1]
        known = len(both) == 2 and all(_is_image(one) for _, one in both)
        if not known or both[0][1][1] != fields[1]:
            raise ValueError(
                f"{text.path}, line {number}: a pair must be two lines of an "
                "image and a number, the same in both, 0 for two people. "
                f"Received: {shorten(' '.join(fields))}"
            )
        lines.append((both[0][0], both[0][1][0], fields[0]))
        is_same.append(int(fields[1]) != 0)
    pairs = ImageFinder(root).find_pairs(text.path, lines)
    people = people_of_names(pairs, is_same)
    return columns_of(pairs, is_same, people=people)


def _is_image(fields: list[str]) -> bool:
    return (
        len(fields) == 2
        and is_path(fields[0])
        and fields[1].isdecimal()
        and len(fields[1]) < 10
    )
