"""Learning rates over a run."""

import keras

from keras_sphereface.optimizers import WarmUp


def build_schedule(config, steps_per_epoch, epochs):
    """The learning rate of a run by its step.

    Args:
        config: `OptimizerConfig`.
        steps_per_epoch: int.
        epochs: int.

    Returns:
        `keras.optimizers.schedules.LearningRateSchedule`.
    """
    total = steps_per_epoch * epochs
    warmup = min(round(config.warmup_epochs * steps_per_epoch), total - 1)
    rate, rest = config.learning_rate, total - warmup
    schedules = keras.optimizers.schedules
    if config.schedule == "cosine":
        schedule = schedules.CosineDecay(
            rate, rest, alpha=config.final_fraction
        )
    elif config.schedule == "polynomial":
        schedule = schedules.PolynomialDecay(
            rate, rest, rate * config.final_fraction, power=config.power
        )
    elif config.schedule == "multi_step":
        # The schedule is counted from the end of the warm-up, and changes
        # after a boundary: the first step of a milestone's epoch is changed.
        boundaries = [
            float(round(epoch * steps_per_epoch) - warmup - 1)
            for epoch in config.milestones
        ]
        rates = [
            rate * config.decay_factor**index
            for index in range(len(boundaries) + 1)
        ]
        schedule = schedules.PiecewiseConstantDecay(boundaries, rates)
    else:
        schedule = schedules.PiecewiseConstantDecay([0.0], [rate, rate])
    return WarmUp(schedule, warmup)
