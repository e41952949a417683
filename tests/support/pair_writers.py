"""Writes files of pairs by the rules of those who publish them, for tests.

A pair is `(name, number, other name, number)`. Which tool reads what is said
at each writer; none of their code is here.
"""

import numpy as np

# Of four people, three images each; in turn of one person and of two.
PEOPLE = ("Ann_Lee", "Bob", "Cy", "Dee")
PAIRS = [
    pair
    for k in range(12)
    for pair in (
        (PEOPLE[k % 4], 1 + k % 3, PEOPLE[k % 4], 1 + (k + 1) % 3),
        (PEOPLE[k % 4], 1 + k % 3, PEOPLE[(k + 1) % 4], 1 + k // 4),
    )
]
IS_SAME = [a == b for a, _, b, _ in PAIRS]


def make_images(root, form="{name}/{name}_{number:04d}.jpg"):
    """Empty files of all images under names of a form; the folder."""
    for name in PEOPLE:
        for number in (1, 2, 3):
            path = root / form.format(name=name, number=number)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
    return root


def lfw_line(pair, separator="\t"):
    """A line of LFW's pairs.txt."""
    a, i, b, j = pair
    fields = [a, i, j] if a == b else [a, i, b, j]
    return separator.join(map(str, fields))


def in_folds(pairs, per_kind):
    """Pairs as LFW orders them: a fold's of one person, then those of two."""
    same = [pair for pair in pairs if pair[0] == pair[2]]
    other = [pair for pair in pairs if pair[0] != pair[2]]
    ordered = []
    for start in range(0, len(same), per_kind):
        ordered += same[start : start + per_kind]
        ordered += other[start : start + per_kind]
    return ordered


def paths_of(pair, form="{name}/{name}_{number:04d}.jpg"):
    a, i, b, j = pair
    return form.format(name=a, number=i), form.format(name=b, number=j)


def two_lines(pairs, form="{name}_{number}.jpg", separator=" "):
    """CPLFW's list: an image and the truth per line, one person first."""
    ordered = in_folds(pairs, len(pairs))
    lines = []
    for pair in ordered:
        truth = int(pair[0] == pair[2])
        lines += [f"{name}{separator}{truth}" for name in paths_of(pair, form)]
    return lines


def numbered_two_lines(pairs):
    """CALFW's list: pairs of one person bear the number of their set."""
    ordered = in_folds(pairs, len(pairs))
    lines = []
    for place, pair in enumerate(ordered):
        number = 1 + place % 10 if pair[0] == pair[2] else 0
        form = "{name}_{number:04d}.jpg"
        lines += [f"{name} {number}" for name in paths_of(pair, form)]
    return lines


def write_agedb(path, splits, names_of, *, compress=True, fields=None):
    """AgeDB's protocol, as FaceX-Zoo's parser takes it apart.

    A cell per split; in it a structure of a 2 x n cell of images, each a
    structure whose first field is the name, and a row of 1 and -1.
    """
    from scipy.io import savemat

    pairs_field, truth_field = fields or ("pairs", "labels")
    cells = np.empty((len(splits), 1), object)
    for place, pairs in enumerate(splits):
        images = np.empty((2, len(pairs)), object)
        for column, pair in enumerate(pairs):
            for row, name in enumerate(names_of(pair)):
                images[row, column] = {"name": name}
        truths = [[1 if pair[0] == pair[2] else -1 for pair in pairs]]
        cells[place, 0] = {
            pairs_field: images,
            truth_field: np.array(truths, "int16"),
        }
    savemat(path, {"splits": cells}, do_compression=compress)
