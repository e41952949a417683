"""Drawing verification pairs from labeled images."""

import numpy as np

from keras_sphereface.contract.arguments import check_integer

_Partners = tuple[np.ndarray, np.ndarray]  # the first, and how many


def sample_pairs(
    labels: np.ndarray, *, pairs_per_fold: int, num_folds: int, seed: int
) -> dict[str, np.ndarray]:
    """Draws as many same as different pairs, in folds that share no person.

    Args:
        labels: int, `[num_images]`, the person on each image.
        pairs_per_fold: even int, at least 2.
        num_folds: int, at least 2.
        seed: int.

    Returns:
        Dict of `index_a`, `index_b`, `is_same` and `folds`, each
        `[num_folds * pairs_per_fold]`.
    """
    pairs_per_fold = check_integer("pairs_per_fold", pairs_per_fold, at_least=2)
    if pairs_per_fold % 2:
        raise ValueError(
            "`pairs_per_fold` must be even, as many same as different pairs. "
            f"Received: pairs_per_fold={pairs_per_fold}"
        )
    num_folds = check_integer("num_folds", num_folds, at_least=2)
    rng = np.random.default_rng(seed)
    fold_of_image = _deal_people(labels, num_folds, rng)
    half = pairs_per_fold // 2
    index_a, index_b = [], []
    for fold in range(num_folds):
        images = np.flatnonzero(fold_of_image == fold)
        images = images[np.argsort(labels[images], kind="stable")]
        same, different = _partners(labels[images])
        for kind, partners in (("same", same), ("different", different)):
            available = int(partners[1].sum())
            if available < half:
                raise ValueError(
                    f"`pairs_per_fold`={pairs_per_fold} needs {half} {kind} "
                    f"pairs in each of {num_folds} folds. Received: fold "
                    f"{fold} has {available}, from {len(images)} images of "
                    f"{len(np.unique(labels[images]))} people"
                )
            a, b = _draw(*partners, half, rng)
            index_a.append(images[a])
            index_b.append(images[b])
    is_same = np.tile(np.repeat([True, False], half), num_folds)
    return {
        "index_a": np.concatenate(index_a),
        "index_b": np.concatenate(index_b),
        "is_same": is_same,
        "folds": np.repeat(np.arange(num_folds), pairs_per_fold),
    }


def _deal_people(
    labels: np.ndarray, num_folds: int, rng: np.random.Generator
) -> np.ndarray:
    """The fold of each image; a person's images stay together."""
    people, person_of_image, counts = np.unique(
        labels, return_inverse=True, return_counts=True
    )
    order = rng.permutation(len(people))
    # The people with most images are dealt first, there and back again like
    # cards, so that the folds have nearly as many images each.
    order = order[np.argsort(-counts[order], kind="stable")]
    turn = np.arange(len(people)) % (2 * num_folds)
    fold_of_person = np.empty(len(people), dtype=int)
    fold_of_person[order] = np.minimum(turn, 2 * num_folds - 1 - turn)
    return fold_of_person[person_of_image]


def _partners(sorted_labels: np.ndarray) -> tuple[_Partners, _Partners]:
    """For each image, its later partners: `(first, count)` of both kinds."""
    num_images = len(sorted_labels)
    after = np.arange(num_images) + 1
    end = np.searchsorted(sorted_labels, sorted_labels, side="right")
    return (after, end - after), (end, num_images - end)


def _draw(
    first: np.ndarray, count: np.ndarray, size: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Draws `size` distinct pairs, all equally likely, without listing all."""
    ends = np.cumsum(count)
    picks = rng.choice(ends[-1], size=size, replace=False)
    a = np.searchsorted(ends, picks, side="right")
    return a, first[a] + picks - (ends[a] - count[a])
