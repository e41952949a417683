"""What the heads of the family should compute, as slow float64 loops.

Written from the published formulas, importing nothing of the package. A
formula is a function of one row: its cosines, its label and its norm.
Gradients are central differences of the loop. What the backward pass takes
for constant goes through `sg`, which keeps its first value while the inputs
are moved.
"""

import math

import numpy as np
from oracles import COS_BOUND, softmax_cross_entropy


class Constants:
    """Values that were computed once and stay while inputs move."""

    def __init__(self):
        self.values, self.position, self.is_replay = [], 0, False

    def __call__(self, value):
        if not self.is_replay:
            self.values.append(value)
            return value
        self.position += 1
        return self.values[self.position - 1]

    def replay(self):
        self.position, self.is_replay = 0, True


def angle(cosine):
    return math.acos(min(max(cosine, -COS_BOUND), COS_BOUND))


def falling_cosine(theta):
    k = math.floor(theta / math.pi)
    return (-1) ** k * math.cos(theta) - 2 * k


def sigmoid_loss(logit, is_positive):
    """Binary cross-entropy of one logit."""
    z = -logit if is_positive else logit
    return max(z, 0.0) + math.log1p(math.exp(-abs(z)))


# Values of one row: functions of its cosines, the label, the norm, settings
# `s` and constants `sg`.


def _with_target(target):
    def values(cosines, y, norm, s, sg):
        return [
            target(c, norm, s, sg) if j == y else c
            for j, c in enumerate(cosines)
        ]

    return values


def _arcface(c, norm, s, sg):
    return falling_cosine(angle(c) + s["margin"])


def _cosface(c, norm, s, sg):
    return c - s["margin"]


def _sphereface(c, norm, s, sg):
    return falling_cosine(s["margin"] * angle(c))


def _combined(c, norm, s, sg):
    theta = s["angle_factor"] * angle(c) + s["angle_margin"]
    return falling_cosine(theta) - s["cosine_margin"]


def _adaface(c, norm, s, sg):
    clipped = min(max(norm, 0.001), 100.0)
    quality = s["concentration"] * (clipped - s["mean"]) / (s["std"] + 1e-3)
    quality = sg(min(max(quality, -1.0), 1.0))
    theta = max(angle(c) - s["margin"] * quality, 0.0)
    return falling_cosine(theta) - (s["margin"] + s["margin"] * quality)


def _magface(c, norm, s, sg):
    low, high = s["lower_norm"], s["upper_norm"]
    a = min(max(norm, low), high)
    slope = (s["upper_margin"] - s["lower_margin"]) / (high - low)
    return falling_cosine(angle(c) + slope * (a - low) + s["lower_margin"])


def _curricularface(cosines, y, norm, s, sg):
    target = falling_cosine(angle(cosines[y]) + s["margin"])
    return [
        target if j == y else (c * (s["hardness"] + c) if c > target else c)
        for j, c in enumerate(cosines)
    ]


def _similarity(z, s):
    return 2 * ((z + 1) / 2) ** s["power"] - 1


def _sphereface2(cosines, y, norm, s, sg):
    values = []
    for j, c in enumerate(cosines):
        if s["variant"] == "C":
            sign = -1 if j == y else 1
            values.append(_similarity(c, s) + sign * s["margin"])
        elif j != y:
            values.append(_similarity(c, s))
        else:
            theta = angle(c)
            moved = (
                theta + s["margin"]
                if s["variant"] == "A"
                else theta * s["margin"]
            )
            values.append(_similarity(math.cos(min(moved, math.pi)), s))
    return values


def _plain(cosines, y, norm, s, sg):
    return list(cosines)


VALUES = {
    "adaface": _with_target(_adaface),
    "arcface": _with_target(_arcface),
    "combined_margin": _with_target(_combined),
    "cosface": _with_target(_cosface),
    "curricularface": _curricularface,
    "magface": _with_target(_magface),
    "normface": _plain,
    "sphereface": _with_target(_sphereface),
    "sphereface2": _sphereface2,
    "sphereface_plus": _with_target(_sphereface),
    "subcenter_arcface": _with_target(_arcface),
    "uniface": _with_target(_cosface),
}


def hyperspherical_energy(centers, labels):
    classes = sorted(set(int(label) for label in labels))
    total, count = 0.0, 0
    for i, first in enumerate(classes):
        for second in classes[i + 1 :]:
            a, b = centers[:, first], centers[:, second]
            cosine = float(a @ b) / np.linalg.norm(a) / np.linalg.norm(b)
            total += angle(cosine) ** -2
            count += 1
    return total / count if count else 0.0


def _row_loss(name, values, y, norm, s, bias):
    """Logits and loss of one row."""
    if name == "sphereface2":
        logits = [s["scale"] * v + bias for v in values]
        weights = [
            s["positive_weight"] if j == y else 1 - s["positive_weight"]
            for j in range(len(values))
        ]
        total = sum(
            w * sigmoid_loss(z, j == y)
            for j, (w, z) in enumerate(zip(weights, logits, strict=True))
        )
        return logits, s["loss_weight"] / s["scale"] * total
    if name == "uniface":
        logits = [s["scale"] * v - bias for v in values]
        return logits, sum(
            (1.0 if j == y else s["negative_weight"]) * sigmoid_loss(z, j == y)
            for j, z in enumerate(logits)
        )
    logits = [s["scale"] * v for v in values]
    loss, _ = softmax_cross_entropy(logits, y)
    if name == "magface":
        a = min(max(norm, s["lower_norm"]), s["upper_norm"])
        loss += s["norm_penalty_weight"] * (1 / a + a / s["upper_norm"] ** 2)
    return logits, loss


def head(name, embeddings, centers, labels, s, bias=0.0, sg=None):
    """Logits and losses of a batch.

    `centers` is `(embedding_dim, num_classes)` or has a third axis of
    sub-centers. Running statistics are among the hyperparameters `s`.
    """
    sg = Constants() if sg is None else sg
    all_logits, losses = [], []
    for x, y in zip(embeddings, labels, strict=True):
        norm = math.sqrt(sum(v * v for v in x))
        cosines = []
        for j in range(centers.shape[1]):
            columns = centers[:, j].reshape(len(x), -1)
            cosines.append(
                max(
                    float(x @ w) / norm / math.sqrt(sum(v * v for v in w))
                    for w in columns.T
                )
            )
        values = VALUES[name](cosines, y, norm, s, sg)
        if s.get("detach"):
            values = [
                c + sg(v - c) for c, v in zip(cosines, values, strict=True)
            ]
        logits, loss = _row_loss(name, values, y, norm, s, bias)
        all_logits.append(logits)
        losses.append(loss)
    losses = np.array(losses)
    if name == "sphereface_plus":
        losses += s["energy_weight"] * hyperspherical_energy(centers, labels)
    return np.array(all_logits), losses


def head_gradients(name, embeddings, centers, labels, s, bias=0.0):
    """Gradients of the mean loss: embeddings, centers, bias."""
    sg = Constants()
    arrays = [
        np.array(array, "float64") for array in (embeddings, centers, bias)
    ]

    def mean_loss():
        x, w, b = arrays
        _, losses = head(name, x, w, labels, s, float(b), sg)
        return losses.mean()

    mean_loss()
    step, gradients = 1e-6, []
    for array in arrays:
        gradient = np.zeros_like(array)
        for index in np.ndindex(array.shape):
            kept, sides = array[index], []
            for side in (step, -step):
                array[index] = kept + side
                sg.replay()
                sides.append(mean_loss())
            array[index] = kept
            gradient[index] = (sides[0] - sides[1]) / (2 * step)
        gradients.append(gradient)
    return gradients
