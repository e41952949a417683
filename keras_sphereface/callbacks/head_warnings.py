"""What is wrong with a head, in plain words."""

import math

import numpy as np
from keras import ops

_LARGEST_FLOAT16 = 65504.0
# The right class should be able to reach this probability.
_REACHABLE = 0.9


def head_warnings(head, snapshots, *, uses_float16=False):
    """Warnings about a head by their kind.

    Args:
        head: `MarginHead`.
        snapshots: list of `HeadSnapshot` of the run so far, at least one.
        uses_float16: bool, whether the embedder computes in float16. Defaults
            to `False`.

    Returns:
        Dict of str to str, a sentence or two each.
    """
    snapshot = snapshots[-1]
    found = {
        "margin": _margin_without_effect(head, snapshot),
        "scale": _scale_too_small(head, snapshot),
        "angles": _angles_grow(head, snapshots),
        "norms": _norms_collapse(head, snapshots),
        "numbers": _numbers_overflow(snapshot, uses_float16),
    }
    return {kind: text for kind, text in found.items() if text}


def turn_away(before, now):
    """Whether embeddings turn away from the center of their own class.

    Random ones have 90 degrees to any center, and heads that learn go below it
    within some tens of steps. They turn away where the angle is above 92 and
    rises, by two degrees, or above 100 and does not fall, by one.

    Args:
        before: float, mean or median angle of an earlier look, degrees.
        now: float, that of the latest.

    Returns:
        Bool.
    """
    return now > max(92.0, before + 2) or now > max(100.0, before - 1)


def turned_away(head, angle, losses=()):
    """The sentence about faces that turn away from their own class.

    Args:
        head: `MarginHead`.
        angle: float, mean or median to the right center, degrees.
        losses: tuple of an earlier and a later loss; named if the later one is
            lower. Defaults to none.

    Returns:
        Str.
    """
    course = " and does not fall"
    if losses and losses[1] < losses[0]:
        course = (
            f" while the loss falls from {losses[0]:.3g} to {losses[1]:.3g}"
        )
    remedy = "take a smaller margin, scale or learning rate"
    if head.get_config().get("detach") is False:
        remedy = (
            f"the loss of {type(head).__name__} is cheap to lower in that way "
            "with detach=False; take detach=True, or a smaller margin or scale"
        )
    return (
        "Embeddings turn away from the center of their own class, whose angle "
        f"is {angle:.0f} degrees, where random ones have 90,{course}: {remedy}."
    )


def collapsed_norms(head, average, norm, usual):
    """The sentence about norms that collapse.

    Args:
        head: `MarginHead`.
        average: str, `"mean"` or `"median"`.
        norm: float, now.
        usual: float, before; 0 if it is not known.

    Returns:
        Str.
    """
    before = f", and was {usual:.2g} before" if usual else ""
    remedy = "a learning rate or weight decay that is too large does this"
    if getattr(head, "detach", True) is not True and follows_norms(head):
        remedy = (
            f"with detach={head.detach!r} the loss of {type(head).__name__} "
            "falls as they shrink; take detach=True, or a margin that grows "
            "from 1"
        )
    return (
        f"The norms of embeddings collapse, their {average} is {norm:.2g}"
        f"{before}: {remedy}."
    )


def logit_scale(head, norm):
    """What a head multiplies cosines by at some norm of the embedding."""
    norms = ops.full((1, 1), norm, "float32")
    scales = head.logit_scale(norms) * ops.ones_like(norms)
    return float(ops.convert_to_numpy(scales)[0, 0])


def follows_norms(head):
    """Whether longer embeddings have larger logits."""
    return logit_scale(head, 2.0) != logit_scale(head, 1.0)


def _margin_without_effect(head, snapshot):
    names = [name for name in type(head).hyperparameters() if "margin" in name]
    if not names or not snapshot.margin_effect <= 1e-6:
        return None
    values = ", ".join(f"{name} = {getattr(head, name):g}" for name in names)
    return (
        f"The margin has no effect ({values}): this trains NormFace. Raise it, "
        "or give the head a schedule that does."
    )


def _scale_too_small(head, snapshot):
    # Binary heads have another bound.
    if head.class_loss().is_binary:
        return None
    others = head.num_classes - 1
    if others < 1:
        return None
    # NormFace: all samples on their centers, centers as far apart as can be.
    spread = (others + 1) / others
    lowest = math.log1p(others * math.exp(-snapshot.logit_scale * spread))
    if math.exp(-lowest) >= _REACHABLE:
        return None
    needed = math.log(others * _REACHABLE / (1 - _REACHABLE)) / spread
    return (
        f"The scale, {snapshot.logit_scale:.3g}, is too small for "
        f"{head.num_classes:,} classes: cross-entropy cannot fall below "
        f"{lowest:.2g}, even with all faces on their centers. Take at "
        f"least {math.ceil(needed)}."
    )


def _angles_grow(head, snapshots):
    if len(snapshots) < 2:
        return None
    before, angle = (
        float(np.median(each.target_angles)) for each in snapshots[-2:]
    )
    if not turn_away(before, angle):
        return None
    return turned_away(head, angle)


def _norms_collapse(head, snapshots):
    # Against most of the run, not its first epoch: until the statistics of
    # batch normalization have settled, norms are anything.
    *before, norm = (float(np.median(each.norms)) for each in snapshots)
    usual = float(np.median(before)) if len(before) > 2 else 0.0
    if not norm < max(0.1 * usual, 1e-3):
        return None
    return collapsed_norms(head, "median", norm, usual)


def _numbers_overflow(snapshot, uses_float16):
    largest = snapshot.largest_component
    if not np.isfinite(largest):
        return (
            "Some embeddings are not finite. In float16 that is what becomes "
            "of numbers above 65,504; otherwise lower the learning rate."
        )
    if uses_float16 and largest > _LARGEST_FLOAT16 / 4:
        return (
            f"Embeddings reach {largest:,.0f}, near the end of float16 at "
            "65,504. Train in mixed_bfloat16, or with batch normalization in "
            "the neck."
        )
    return None
