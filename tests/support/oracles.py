"""What the heads should compute, as slow float64 loops.

Written from the formulas, in the order of the formulas, importing nothing of
the package. Gradients are worked out by hand, so that they also hold where
the gradient is, on purpose, not that of the forward value.
"""

import math

import numpy as np

COS_BOUND = 1 - 1e-5


def softmax_cross_entropy(logits, label):
    """Loss of one sample and its gradient with respect to the logits."""
    largest = max(logits)
    exponentials = [math.exp(z - largest) for z in logits]
    total = sum(exponentials)
    loss = math.log(total) + largest - logits[label]
    gradient = [e / total for e in exponentials]
    gradient[label] -= 1
    return loss, gradient


def spherefacer_characteristic(cosine, is_target, variant, margin):
    """`phi` of one angle and `d phi / d cos`."""
    if margin == 1:
        return cosine, 1.0  # no margin: not even the rounding of an angle
    clipped = min(max(cosine, -COS_BOUND), COS_BOUND)
    theta = math.acos(clipped)
    d_theta = -1 / math.sin(theta) if clipped == cosine else 0.0
    if variant == "v0" and is_target:
        k = math.floor(margin * theta / math.pi)
        phi = (-1) ** k * math.cos(margin * theta) - 2 * k
        d_phi = -((-1) ** k) * margin * math.sin(margin * theta)
    elif variant == "v1" and is_target:
        is_inside = margin * theta < math.pi
        phi = math.cos(min(margin * theta, math.pi))
        d_phi = -margin * math.sin(margin * theta) if is_inside else 0.0
    elif variant == "v2" and not is_target:
        phi = math.cos(theta / margin)
        d_phi = -math.sin(theta / margin) / margin
    else:
        return cosine, 1.0
    return phi, d_phi * d_theta


def spherefacer(
    embeddings,
    centers,
    labels,
    *,
    variant,
    normalization,
    margin,
    scale,
    detach,
    loss_weight,
    norm_penalty="l1",
    norm_penalty_weight=0.01,
):
    """Logits, losses and the gradients of the mean loss of SphereFace-R.

    `embeddings` is `(batch_size, embedding_dim)`, `centers` is
    `(embedding_dim, num_classes)`.
    """
    embeddings = np.asarray(embeddings, "float64")
    centers = np.asarray(centers, "float64")
    batch_size, num_classes = len(embeddings), centers.shape[1]
    logits = np.zeros((batch_size, num_classes))
    losses = np.zeros(batch_size)
    d_embeddings = np.zeros_like(embeddings)
    d_centers = np.zeros_like(centers)
    for i in range(batch_size):
        norm = math.sqrt(sum(v * v for v in embeddings[i]))
        unit = embeddings[i] / norm
        factor = scale if normalization == "hard" else norm
        cosines, values, slopes = [], [], []
        for j in range(num_classes):
            unit_center = centers[:, j] / np.linalg.norm(centers[:, j])
            cosine = min(max(float(unit @ unit_center), -1.0), 1.0)
            value, slope = spherefacer_characteristic(
                cosine, j == labels[i], variant, margin
            )
            cosines.append(cosine)
            values.append(value)
            slopes.append(1.0 if detach else slope)
        logits[i] = [factor * value for value in values]
        loss, d_logits = softmax_cross_entropy(logits[i], labels[i])
        weight = loss_weight
        if normalization != "none":
            weight = loss_weight / scale
        losses[i] = weight * loss
        d_norm = 0.0
        for j in range(num_classes):
            center_norm = np.linalg.norm(centers[:, j])
            unit_center = centers[:, j] / center_norm
            d_cosine = weight * d_logits[j] * factor * slopes[j] / batch_size
            d_embeddings[i] += (
                d_cosine * (unit_center - cosines[j] * unit) / norm
            )
            d_centers[:, j] += (
                d_cosine * (unit - cosines[j] * unit_center) / center_norm
            )
            if normalization != "hard":
                seen = cosines[j] if detach is True else values[j]
                d_norm += weight * d_logits[j] * seen
        if normalization == "soft":
            gap = norm - scale
            if norm_penalty == "l1":
                losses[i] += norm_penalty_weight * abs(gap)
                d_norm += norm_penalty_weight * math.copysign(1, gap)
            else:
                losses[i] += norm_penalty_weight * gap**2
                d_norm += norm_penalty_weight * 2 * gap
        d_embeddings[i] += d_norm * unit / batch_size
    return logits, losses, d_embeddings, d_centers
