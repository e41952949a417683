"""What a model reports of its training, over some steps."""

from typing import NamedTuple


class TrainingMeans(NamedTuple):
    """Means over some steps of an epoch.

    Attributes:
        epoch: int, counted from 1.
        step: int, the last of the steps, counted from 1 at the start of the
            run.
        loss: float, or `None` if the model does not report it, as the others.
        accuracy: float in `[0, 1]`, by plain cosines.
        target_angle: float, degrees to the center of the true class.
        embedding_norm: float.
        past_margin: float in `[0, 1]`, the share of samples past the margin.
    """

    epoch: int
    step: int
    loss: float | None = None
    accuracy: float | None = None
    target_angle: float | None = None
    embedding_norm: float | None = None
    past_margin: float | None = None


REPORTED = TrainingMeans._fields[2:]


def means_between(earlier, now):
    """Means over the steps from one look at running means to the next.

    Args:
        earlier: tuple of int, the steps so far, and dict of float by name,
            the means over them; `(0, {})` at the start of an epoch.
        now: the same, of more steps.

    Returns:
        Dict of float by name.
    """
    (earlier_steps, before), (steps, running) = earlier, now
    return {
        name: (steps * mean - earlier_steps * before.get(name, 0.0))
        / (steps - earlier_steps)
        for name, mean in running.items()
    }
