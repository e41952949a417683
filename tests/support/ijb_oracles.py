"""How InsightFace counts IJB-B and IJB-C, in float64 loops."""

import math

import numpy as np


def pool(embeddings, templates, media, scores, *, by_norm):
    """Unit embeddings by template, one image after the other."""
    weighed = []
    for row, score in zip(embeddings, scores, strict=True):
        row = np.array(row, np.float64)
        if not by_norm:
            row = row / math.sqrt(sum(x * x for x in row))
        weighed.append(row * score)
    pooled = {}
    for template in sorted(set(templates)):
        frames = {}
        for row, its_template, medium in zip(
            weighed, templates, media, strict=True
        ):
            if its_template == template:
                frames.setdefault(medium, []).append(row)
        total = sum(sum(rows) / len(rows) for rows in frames.values())
        pooled[template] = total / math.sqrt(sum(x * x for x in total))
    return pooled


def nearest_far_tar(scores, is_same, far):
    """TAR at the corner of the ROC curve whose FAR is nearest."""
    num_same = sum(is_same)
    num_other = len(is_same) - num_same
    counts = [(0, 0)]
    for threshold in sorted(set(scores), reverse=True):
        accepted = [s >= threshold for s in scores]
        right = sum(a and t for a, t in zip(accepted, is_same, strict=True))
        counts.append((sum(accepted) - right, right))
    # A corner is where the next step differs from the last one.
    corners = [counts[0]]
    for before, here, after in zip(
        counts, counts[1:], counts[2:], strict=False
    ):
        last = (here[0] - before[0], here[1] - before[1])
        following = (after[0] - here[0], after[1] - here[1])
        if last != following:
            corners.append(here)
    corners.append(counts[-1])
    best = None
    for wrong, right in corners:
        distance = abs(wrong / num_other - far)
        # The later of two at one distance has the higher FAR or TAR.
        if best is None or distance <= best[0]:
            best = (distance, right / num_same)
    return best[1]


def search(gallery, gallery_people, probes, probe_people, ranks, rates):
    """Shares found at each rank, recalls at each rate, one probe at a time."""
    own, others, places = [], [], []
    for probe, person in zip(probes, probe_people, strict=True):
        scores = [float(np.dot(probe, one)) for one in gallery]
        column = list(gallery_people).index(person)
        order = sorted(range(len(scores)), key=lambda i: (-scores[i], i))
        places.append(order.index(column) + 1)
        own.append(scores[column])
        others += [s for i, s in enumerate(scores) if i != column]
    others.sort(reverse=True)
    recalls = {}
    for rate in rates:
        threshold = others[math.ceil(rate * len(own)) - 1]
        recalls[rate] = sum(s > threshold for s in own) / len(own)
    found = {r: sum(p <= r for p in places) / len(places) for r in ranks}
    return found, recalls
