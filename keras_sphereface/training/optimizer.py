"""The optimizer of a run."""

import keras

from keras_sphereface.training.schedules import build_schedule

# What batch norm, PReLU and biases call their weights.
_UNDECAYED = ("gamma", "beta", "bias", "alpha")


def build_optimizer(config, steps_per_epoch, epochs):
    """SGD with momentum, a schedule and selective weight decay.

    Keras subtracts `learning_rate * weight_decay * weight` outside of the
    momentum. PyTorch, whose numbers the recipes of the field quote, sends the
    decay through it, which multiplies it by `1 / (1 - momentum)` in the long
    run; that factor is applied here.

    Args:
        config: `OptimizerConfig`.
        steps_per_epoch: int.
        epochs: int.

    Returns:
        `keras.optimizers.SGD`.
    """
    steps = config.accumulation_steps
    decay = config.weight_decay / (1.0 - config.momentum)
    average = config.ema_momentum
    optimizer = keras.optimizers.SGD(
        build_schedule(config, steps_per_epoch, epochs),
        momentum=config.momentum,
        weight_decay=decay or None,
        global_clipnorm=config.global_clipnorm,
        gradient_accumulation_steps=steps if steps > 1 else None,
        use_ema=average is not None,
        **({} if average is None else {"ema_momentum": average}),
    )
    if decay:
        optimizer.exclude_from_weight_decay(var_names=list(_UNDECAYED))
    return optimizer
