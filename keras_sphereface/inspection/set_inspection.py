"""Counts, duplicates, statistics and overlaps of a training set."""

from collections import Counter

import numpy as np

from keras_sphereface.data import check_alignment
from keras_sphereface.inspection.image_facts import gather_facts
from keras_sphereface.inspection.labeled_images import LabeledImages
from keras_sphereface.inspection.similar_identities import (
    identity_embeddings,
    similar_identities,
)

_LISTED = 1000  # of each kind of fault; all are counted
_FEW = 3
_DARK, _BRIGHT, _FLAT = 40, 215, 15
_ALIGNMENT_SAMPLE, _ALIGNMENT_LEAST = 256, 128


def inspect_faces(
    faces, *, test=None, embed=None, threshold=0.7, far=None, advance=None
) -> dict:
    """Looks at every image of a set, and of the set it will be tested on.

    Args:
        faces: `ImageFolder`, `RecordDataset` or `TFRecordFolder`, best opened
            with `check_images=False`; or another set as `LabeledImages` takes
            it, such as `(images, labels)`. Images may be of any size.
        test: another such set, of people who should not be in the first, or
            `None`. Defaults to `None`.
        embed: callable from uint8 `[n, height, width, 3]` to embeddings, to
            find identities that are one person, or `None`. Defaults to `None`.
        threshold: float, cosine from which two identities are listed as
            similar. Defaults to `0.7`.
        far: what `far_images` found in `faces`, or `None`. Defaults to `None`.
        advance: function that is told of each further number of images done,
            or `None`. Defaults to `None`.

    Returns:
        Dict of JSON types: what tools/inspect_dataset.py writes.
    """
    faces = LabeledImages.of(faces)
    facts = gather_facts(faces.images, advance)
    report = {
        "counts": _counts(faces, facts),
        "unreadable": _unreadable(faces, facts),
        "duplicates": _duplicates(faces, facts),
        "images": _statistics(facts),
        "alignment": _alignment(faces, facts),
    }
    if far is not None:
        report["far_images"] = _far(far)
    test_facts = None
    if test is not None:
        test = LabeledImages.of(test, "test")
        test_facts = gather_facts(test.images, advance)
        report["test_overlap"] = _overlap(faces, facts, test, test_facts)
    if embed is not None:
        own = identity_embeddings(faces, embed)
        pairs = similar_identities(own, threshold=threshold)
        report["similar_identities"] = _named(pairs, faces, faces)
        if test is not None:
            pairs = similar_identities(
                own, identity_embeddings(test, embed), threshold=threshold
            )
            report["similar_test_identities"] = _named(pairs, faces, test)
    return report


def _counts(faces, facts):
    good = np.ones(len(faces), bool)
    good[list(facts.unreadable)] = False
    each = np.bincount(faces.labels[good], minlength=faces.num_classes)
    few = np.flatnonzero(each < _FEW)
    edges = [1, 2, 3, 5, 10, 20, 50, 100, 200, 500]
    bins = np.searchsorted(edges, each, side="right") - 1
    names = [
        f"{low}" if high == low + 1 else f"{low}-{high - 1}"
        for low, high in zip(edges, [*edges[1:], 0], strict=True)
    ]
    names[-1] = f"{edges[-1]} or more"
    return {
        "images": len(faces) + len(faces.unreadable),
        "readable": int(good.sum()),
        "identities": faces.num_classes,
        "images_per_identity": {
            "least": int(each.min()),
            "median": float(np.median(each)),
            "mean": round(float(each.mean()), 2),
            "most": int(each.max()),
            "histogram": {
                name: int((bins == place).sum())
                for place, name in enumerate(names)
            },
        },
        f"identities_with_fewer_than_{_FEW}": len(few),
        "examples_of_them": [faces.identities[i] for i in few[:20]],
    }


def _unreadable(faces, facts):
    found = dict(faces.unreadable)
    for position, reason in facts.unreadable.items():
        found[faces.name_of(position)] = reason
    return {"count": len(found), "images": dict(list(found.items())[:_LISTED])}


def _duplicates(faces, facts):
    groups = _groups(facts)
    shared, within, across = Counter(), [], []
    for positions in groups:
        labels = sorted(set(faces.labels[positions].tolist()))
        names = [faces.name_of(position) for position in positions]
        if len(labels) == 1:
            within.append(names)
            continue
        across.append(names)
        for place, label in enumerate(labels):
            shared.update((label, other) for other in labels[place + 1 :])
    extra = sum(len(group) - 1 for group in groups)
    return {
        "superfluous_images": extra,
        "groups_of_one_identity": len(within),
        "groups_of_several_identities": len(across),
        "of_one_identity": within[:_LISTED],
        "of_several_identities": across[:_LISTED],
        "identities_that_share_images": [
            {
                "identities": [faces.identities[a], faces.identities[b]],
                "images": count,
            }
            for (a, b), count in shared.most_common(_LISTED)
        ],
    }


def _far(images):
    return {
        "count": len(images),
        "images": [
            {
                "image": image,
                "label": label,
                "angle": round(angle, 2),
                "reason": reason,
            }
            for image, label, angle, reason in images[:_LISTED]
        ],
    }


def _groups(facts):
    """Positions of equal pictures, a list for each group."""
    order = np.argsort(facts.digests, kind="stable")
    _, starts, counts = np.unique(
        facts.digests[order], return_index=True, return_counts=True
    )
    return [
        sorted(order[start : start + count].tolist())
        for start, count in zip(starts, counts, strict=True)
        if count > 1 and facts.digests[order[start]]
    ]


def _statistics(facts):
    good = facts.digests != b""
    if not good.any():
        return {}
    sizes = Counter(map(tuple, facts.sizes[good].tolist()))
    means, deviations = facts.means[good], facts.deviations[good]
    brightness = means.mean(axis=1)
    share = float(good.sum())
    return {
        "sizes": {
            f"{height}x{width}": count
            for (height, width), count in sizes.most_common(20)
        },
        "different_sizes": len(sizes),
        "mean_rgb": [round(float(v), 2) for v in means.mean(axis=0)],
        "deviation_rgb": [round(float(v), 2) for v in deviations.mean(axis=0)],
        "share_gray": round(float(facts.is_gray[good].sum()) / share, 4),
        "share_dark": round(float((brightness < _DARK).sum()) / share, 4),
        "share_bright": round(float((brightness > _BRIGHT).sum()) / share, 4),
        "share_flat": round(
            float((deviations.mean(axis=1) < _FLAT).sum()) / share, 4
        ),
        "brightness_histogram": np.histogram(brightness, 16, (0, 256))[
            0
        ].tolist(),
    }


def _alignment(faces, facts):
    """What `check_alignment` says of images of one size, or `None`."""
    good = np.flatnonzero(facts.digests != b"")
    sizes = facts.sizes[good]
    if len(good) < _ALIGNMENT_LEAST or (sizes != sizes[0]).any():
        return None
    if sizes[0][0] < 56 or sizes[0][1] < 0.7 * sizes[0][0]:
        return None
    count = min(len(good), _ALIGNMENT_SAMPLE)
    chosen = good[np.linspace(0, len(good) - 1, count, dtype=int)]
    images = np.stack([faces.pixels(i) for i in chosen])
    found = check_alignment(images)
    return {
        name: value if name == "faults" else round(float(value), 3)
        for name, value in found._asdict().items()
    }


def _overlap(faces, facts, test, test_facts):
    where = {}
    for position, digest in enumerate(facts.digests):
        if digest:
            where.setdefault(digest, position)
    pairs = [
        (where[digest], position)
        for position, digest in enumerate(test_facts.digests)
        if digest and digest in where
    ]
    identities = {int(faces.labels[own]) for own, _ in pairs}
    names = set(faces.identities) & set(test.identities)
    return {
        "shared_images": len(pairs),
        "identities_with_them": len(identities),
        "shared_names": len(names),
        "images": [
            [faces.name_of(own), test.name_of(other)]
            for own, other in pairs[:_LISTED]
        ],
        "names": sorted(names)[:_LISTED],
    }


def _named(pairs, faces, others):
    return {
        "count": len(pairs),
        "pairs": [
            {
                "identities": [faces.identities[a], others.identities[b]],
                "cosine": round(cosine, 4),
            }
            for a, b, cosine in pairs
        ],
    }
