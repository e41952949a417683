"""Who is on the templates of pairs, for intervals that draw people again."""

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from keras_sphereface.evaluation.ijb_format import (
    TemplatePairs,
    TemplateSubjects,
)


def template_people(
    pairs: TemplatePairs, subjects: TemplateSubjects | None = None
) -> np.ndarray:
    """Who is on both sides of each pair.

    Without subjects those templates are one person that pairs of one person
    join, directly or through others.

    Args:
        pairs: `TemplatePairs`.
        subjects: `TemplateSubjects`. Defaults to `None`; also passed over if
            it leaves out a template of the pairs.

    Returns:
        int array, `[num_pairs, 2]`.

    Raises:
        ValueError: a pair contradicts the subjects, or the other pairs.
    """
    both = np.stack([pairs.ids_a, pairs.ids_b], axis=1)
    if subjects is not None and np.isin(both, subjects.template_ids).all():
        rows = np.searchsorted(subjects.template_ids, both)
        people, source = subjects.people[rows], "by their subjects"
    else:
        people, source = _joined(both, pairs.is_same), "by the other pairs"
    is_one = people[:, 0] == people[:, 1]
    wrong = np.flatnonzero(is_one != pairs.is_same)
    if len(wrong):
        pair = wrong[0]
        names = {True: "one person", False: "two people"}
        raise ValueError(
            "Pairs of templates and who is on them must agree. Received: "
            f"templates {both[pair, 0]} and {both[pair, 1]}, pair {pair + 1}, "
            f"are {names[bool(pairs.is_same[pair])]} by their label and "
            f"{names[bool(is_one[pair])]} {source}, {len(wrong)} such pairs"
        )
    return people


def _joined(both: np.ndarray, is_same: np.ndarray) -> np.ndarray:
    """A number per group of templates that genuine pairs join."""
    ids, codes = np.unique(both, return_inverse=True)
    codes = codes.reshape(both.shape)
    genuine = codes[is_same]
    ones = np.ones(len(genuine))
    graph = coo_matrix((ones, genuine.T), shape=(len(ids), len(ids)))
    return connected_components(graph, directed=False)[1][codes]
