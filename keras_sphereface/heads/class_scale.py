import math

# Published scales of 64 are for the people of MS1M.
PUBLISHED_SCALE = 64.0
_PUBLISHED_CLASSES = 85_742


def class_scale(num_classes, published=PUBLISHED_SCALE):
    """A scale that fits the number of classes, `64 * ln C / ln 85,742`.

    The logits of a softmax must spread further the more classes compete. The
    scale of 64 that ArcFace, CosFace and those after them publish belongs to
    the 85,742 people of MS1M; 206 people trained best at 30.

    Args:
        num_classes: int, number of identities. Below 2 it counts as 2.
        published: float, the scale that fits 85,742. Defaults to `64.0`.

    Returns:
        Float: 22.0 for 50 classes, 30.0 for 206, 52.2 for 10,572, 64.0 for
        85,742.
    """
    share = math.log(max(num_classes, 2)) / math.log(_PUBLISHED_CLASSES)
    return published * share
