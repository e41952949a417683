"""Labels that more than one class has a share of."""

from keras import ops

from keras_sphereface.ops.detachment import detach_characteristic


def smooth_labels(labels, num_classes, smoothing):
    """Soft labels that leave some weight to the other classes.

    Args:
        labels: int tensor, `(batch_size,)`, in `[0, num_classes)`; or soft
            labels, `(batch_size, num_classes)`.
        num_classes: int, number of classes.
        smoothing: float in `[0, 1)`, the weight that all classes share alike.

    Returns:
        Float32 tensor, `(batch_size, num_classes)`, each row summing to 1.

    Reference:
        - [Szegedy et al., 2016](https://arxiv.org/abs/1512.00567)
    """
    if len(labels.shape) == 1:
        labels = ops.one_hot(labels, num_classes, dtype="float32")
    return (1.0 - smoothing) * labels + smoothing / num_classes


def soft_label_logits(cos_theta, soft_labels, *, margin, scale, bias=None):
    """Logits with the margin applied to each class by what it counts.

    The value of class `j` is `(1 - q_j) * other(cos_j) + q_j * target(cos_j)`
    for the soft label `q_j`: of a class that counts 1 what stands in place of
    the target cosine, of one that counts 0 what stands in place of the others.

    Args:
        cos_theta: float32 tensor, `(batch_size, num_classes)`.
        soft_labels: float32 tensor, `(batch_size, num_classes)`, each row at
            least 0 and summing to 1.
        margin: `Margin`.
        scale: float, or float32 tensor `(batch_size, 1)`.
        bias: float32 scalar. Defaults to `None`, 0.

    Returns:
        Float32 tensor, `(batch_size, num_classes)`; on one-hot rows that of
        `class_logits`.

    Reference:
        - [Zhang et al., 2018](https://arxiv.org/abs/1710.09412), MixUp
    """
    values = (1.0 - soft_labels) * margin.other_values(
        cos_theta
    ) + soft_labels * margin.target_values(cos_theta)
    if margin.detach == "cosine":
        values = detach_characteristic(values, cos_theta)
    logits = scale * values
    if margin.detach is True:
        logits = detach_characteristic(logits, scale * cos_theta)
    return logits if bias is None else logits + bias
