"""What the losses without centers should compute, as slow float64 loops.

Written from the published formulas, importing nothing of the package. Each
returns the mean over the batch. Gradients are central differences.
"""

import math

import numpy as np


def distance_matrix(x, metric):
    n = len(x)
    matrix = np.zeros((n, n))
    for i in range(n):
        for j in range(n):
            if metric == "angular":
                cosine = x[i] @ x[j] / np.linalg.norm(x[i])
                matrix[i, j] = 1 - cosine / np.linalg.norm(x[j])
            else:
                squared = sum(v * v for v in x[i] - x[j])
                matrix[i, j] = (
                    squared if metric == "squared-L2" else math.sqrt(squared)
                )
    return matrix


def triplet_semi_hard(y, x, *, margin, distance_metric):
    d = distance_matrix(x, distance_metric)
    total, pairs = 0.0, 0
    for a in range(len(y)):
        negatives = [d[a, n] for n in range(len(y)) if y[n] != y[a]]
        for p in range(len(y)):
            if p == a or y[p] != y[a]:
                continue
            pairs += 1
            beyond = [v for v in negatives if v > d[a, p]]
            farthest = max(negatives, default=0.0)
            negative = min(beyond, default=farthest)
            total += max(margin + d[a, p] - negative, 0.0)
    return total / pairs if pairs else 0.0


def triplet_hard(y, x, *, margin, distance_metric, soft):
    d = distance_matrix(x, distance_metric)
    losses = []
    for a in range(len(y)):
        others = [i for i in range(len(y)) if i != a]
        positive = max((d[a, i] for i in others if y[i] == y[a]), default=0.0)
        negative = min(
            (d[a, i] for i in others if y[i] != y[a]), default=max(d[a])
        )
        gap = positive - negative
        losses.append(
            math.log1p(math.exp(gap)) if soft else max(gap + margin, 0.0)
        )
    return sum(losses) / len(losses)


def contrastive(y, d, *, margin):
    losses = [
        v * v if same else max(margin - v, 0.0) ** 2
        for same, v in zip(y, d, strict=True)
    ]
    return sum(losses) / len(losses)


def npairs(y, similarities):
    losses = []
    for i, row in enumerate(similarities):
        total = sum(math.exp(s) for s in row)
        positives = [j for j in range(len(y)) if y[j] == y[i]]
        losses.append(
            -sum(row[j] - math.log(total) for j in positives) / len(positives)
        )
    return sum(losses) / len(losses)


def supervised_contrastive(y, x, *, temperature):
    unit = [row / np.linalg.norm(row) for row in x]
    losses = []
    for i in range(len(y)):
        others = [j for j in range(len(y)) if j != i]
        total = sum(math.exp(unit[i] @ unit[j] / temperature) for j in others)
        positives = [j for j in others if y[j] == y[i]]
        log_shares = [
            unit[i] @ unit[j] / temperature - math.log(total) for j in positives
        ]
        losses.append(-sum(log_shares) / len(positives) if positives else 0.0)
    return sum(losses) / len(losses)


def simple(
    y,
    x,
    *,
    angle_bias,
    positive_weight,
    temperature,
    margin,
    loss_weight,
    bias,
):
    positive, negative = [], []
    for i in range(len(y)):
        for j in range(len(y)):
            if i == j:
                continue
            norms = np.linalg.norm(x[i]) * np.linalg.norm(x[j])
            score = x[i] @ x[j] - angle_bias * norms
            if y[i] == y[j]:
                z = (score - margin + bias) / temperature
                positive.append(math.log1p(math.exp(-z)))
            else:
                z = (score + margin + bias) * temperature
                negative.append(math.log1p(math.exp(z)))
    mean = [sum(v) / len(v) if v else 0.0 for v in (positive, negative)]
    return loss_weight * (
        positive_weight * mean[0] + (1 - positive_weight) * mean[1]
    )


def gradient(function, y, x, **settings):
    x = np.array(x, "float64")
    result, step = np.zeros_like(x), 1e-6
    for index in np.ndindex(x.shape):
        kept, sides = x[index], []
        for side in (step, -step):
            x[index] = kept + side
            sides.append(function(y, x, **settings))
        x[index] = kept
        result[index] = (sides[0] - sides[1]) / (2 * step)
    return result
