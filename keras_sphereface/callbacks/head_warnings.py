"""What is wrong with a head, in plain words."""

import math

import numpy as np

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
        "norms": _norms_collapse(snapshots),
        "numbers": _numbers_overflow(snapshot, uses_float16),
    }
    return {kind: text for kind, text in found.items() if text}


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


def _norms_collapse(snapshots):
    # Against most of the run, not its first epoch: until the statistics of
    # batch normalization have settled, norms are anything.
    *before, norm = (float(np.median(each.norms)) for each in snapshots)
    usual = float(np.median(before)) if len(before) > 2 else 0.0
    if not norm < max(0.1 * usual, 1e-3):
        return None
    return (
        f"The norms of embeddings collapse: their median is {norm:.2g}"
        + (f", and was {usual:.2g} for most of the run. " if usual else ". ")
        + "A learning rate or weight decay that is too large does this."
    )


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
