"""What goes wrong while a head trains, in plain words."""

import math

from keras_sphereface.callbacks.head_warnings import (
    collapsed_norms,
    logit_scale,
    turn_away,
    turned_away,
)

# Steps before which angles, norms and accuracy may be anything.
SETTLED_STEPS = 50
# Logits within this of 0 leave all classes about as likely.
_SMALLEST_SCALE = 1.0
_SMALLEST_NORM = 1e-3
# Degrees to the right center that only a class that is told apart has.
_NEAR = 75.0
# A share of samples that is none.
_NONE = 1e-3
# Degrees, and a factor of the accuracy, from one epoch to the next.
_SLOW_FALL, _SLOW_RISE = 0.5, 1.1


def loss_warning(
    since, step, learning_rate, *, num_classes=None, faults=(), uses_float16
):
    """The sentence about a loss that is not finite.

    Args:
        since: int, the last step whose loss is known to be finite.
        step: int, one whose loss is not.
        learning_rate: float.
        num_classes: int. Defaults to `None`, not known.
        faults: dict of int, what `FaceRecognizer.count_faults` returned.
            Defaults to none.
        uses_float16: bool, whether a part of the model computes in float16.

    Returns:
        Str.
    """
    faults = dict(faults)
    labels = f"[0, {num_classes or 'num_classes'})"
    start = f"from a step between {since + 1} and {step} on"
    wrong = faults.get("wrong_labels")
    if wrong:
        return (
            f"The loss is not finite {start}, as {wrong:,} labels so far in "
            f"this epoch are outside {labels}: correct them, or num_classes, "
            "and start again."
        )
    count = faults.get("non_finite_losses")
    whose = f" of {count:,} samples so far in this epoch" if count else ""
    remedies = [f"lower the learning rate, {learning_rate:.3g}"]
    if wrong is None:
        remedies.append(f"look for labels outside {labels}")
    if uses_float16:
        remedies.append("train in mixed_bfloat16, since float16 ends at 65,504")
    return f"The loss{whose} is not finite, {start}: {', or '.join(remedies)}."


def course_warnings(head, looks):
    """Warnings of the latest of some looks, by their kind.

    What tells a collapse from the start of training: random embeddings have 90
    degrees to any center and learning only lowers that, so that more is an
    embedder that learns to turn away (`turn_away`). Norms may shrink at first,
    and by much, since logits should be small while they are guesses; they
    collapse where logits, which follow them, stay within 1 of 0 and fall on,
    so that no class can stand out. And whoever is near the right center but as
    near to all others is where all embeddings have met.

    Args:
        head: `MarginHead`.
        looks: list of `TrainingMeans`, the first of the run and some of the
            latest, in order.

    Returns:
        Dict of str to str.
    """
    now = looks[-1]
    if len(looks) < 2 or now.step < SETTLED_STEPS:
        return {}
    found = {
        "angles": _angles_grow(head, looks),
        "norms": _norms_vanish(head, looks),
        "one_way": _all_meet(head, looks),
    }
    return {kind: text for kind, text in found.items() if text}


def epoch_warnings(head, epochs, learning_rates):
    """Warnings of the latest of some epochs, by their kind.

    A head that learns lowers angles and raises the accuracy from epoch to
    epoch, be it slowly, until most samples are past the margin. One that stands
    still before any sample is past it learns nothing, or no more; the latter
    counts while the learning rate has not been lowered.

    Args:
        head: `MarginHead`.
        epochs: list of `TrainingMeans`, of whole epochs in a row, in order.
        learning_rates: list of float, at the end of each of them.

    Returns:
        Dict of str to str.
    """
    if len(epochs) < 2 or epochs[-1].step < 2 * SETTLED_STEPS:
        return {}
    before, now = epochs[-2:]
    if None in now or not all(map(math.isfinite, now)):
        return {}
    learns = (
        now.past_margin > _NONE
        or now.target_angle < before.target_angle - _SLOW_FALL
    )
    if learns:
        return {}
    if now.accuracy < _by_chance(head):
        return {
            "learning": (
                f"Nothing is learned: after epoch {now.epoch} "
                f"{100 * now.accuracy:.2g} % of embeddings are nearest to "
                f"their own of {head.num_classes:,} centers, as by chance, at "
                f"{now.target_angle:.0f} degrees: the learning rate, "
                f"{learning_rates[-1]:.2g}, is too large or too small, or the "
                "labels are not those of the images."
            )
        }
    if now.accuracy > _SLOW_RISE * before.accuracy or learning_rates[
        -1
    ] < 0.5 * max(learning_rates):
        return {}
    return {
        "past_margin": (
            f"No embedding gets past the margin, and after epoch {now.epoch} "
            f"the angle to the right center, {now.target_angle:.0f} degrees, "
            "falls no more: take a smaller margin or scale, or a margin that "
            "grows."
        )
    }


def _angles_grow(head, looks):
    first, before, now = looks[0], looks[-2], looks[-1]
    if now.target_angle is None or before.target_angle is None:
        return None
    if not turn_away(before.target_angle, now.target_angle):
        return None
    return turned_away(head, now.target_angle, (first.loss, now.loss))


def _all_meet(head, looks):
    before, now = looks[-2:]
    if None in (now.target_angle, before.target_angle, now.accuracy):
        return None
    if max(before.target_angle, now.target_angle) > _NEAR:
        return None
    # Of few steps; so near, a class that is told apart has many times this.
    if now.accuracy >= 2 * _by_chance(head):
        return None
    return (
        "The embeddings of all classes point one way: they have "
        f"{now.target_angle:.0f} degrees to their own center, and "
        f"{100 * now.accuracy:.2g} % are nearest to it, as by chance: take a "
        "smaller learning rate, margin or scale."
    )


def _by_chance(head):
    """An accuracy of twice the odds of chance."""
    return 2 / (head.num_classes + 1)


def _norms_vanish(head, looks):
    norms = [look.embedding_norm for look in looks]
    if None in norms:
        return None
    *earlier, before, now = norms
    usual = max([*earlier, before])
    is_falling = now <= before and now < 0.5 * usual
    if not is_falling or (
        now >= _SMALLEST_NORM and logit_scale(head, now) >= _SMALLEST_SCALE
    ):
        return None
    return collapsed_norms(head, "mean", now, usual)
