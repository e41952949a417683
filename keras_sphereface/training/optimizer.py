"""The optimizer of a run."""

import keras

# What batch norm, PReLU and biases call their weights.
_UNDECAYED = ("gamma", "beta", "bias", "alpha")


def build_optimizer(config, steps_per_epoch, epochs):
    """SGD with momentum, warm-up, cosine decay and selective weight decay.

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
    total_steps = steps_per_epoch * epochs
    warmup_steps = min(
        int(config.warmup_epochs * steps_per_epoch), total_steps - 1
    )
    schedule = keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=0.0 if warmup_steps else config.learning_rate,
        decay_steps=total_steps - warmup_steps,
        alpha=config.final_fraction,
        warmup_target=config.learning_rate if warmup_steps else None,
        warmup_steps=warmup_steps,
    )
    decay = config.weight_decay / (1.0 - config.momentum)
    optimizer = keras.optimizers.SGD(
        schedule,
        momentum=config.momentum,
        weight_decay=decay or None,
    )
    if decay:
        optimizer.exclude_from_weight_decay(var_names=list(_UNDECAYED))
    return optimizer
