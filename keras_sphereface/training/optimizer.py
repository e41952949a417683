"""The optimizer of a run."""

import keras

from keras_sphereface import optimizers
from keras_sphereface.training.schedules import build_schedule

# What batch norm, PReLU and biases call their weights.
_UNDECAYED = ("gamma", "beta", "bias", "alpha")
# What a head calls its class centers; a pattern of a weight's path.
_CENTERS = "(^|/)centers$"


def build_optimizer(config, steps_per_epoch, epochs):
    """The optimizer of a config, with a schedule and selective weight decay.

    Keras's SGD subtracts `learning_rate * weight_decay * weight` outside of the
    momentum. PyTorch, whose numbers the recipes of the field quote, sends the
    decay through it, which multiplies it by `1 / (1 - momentum)` in the long
    run; that factor is applied here. Other optimizers decay as Keras has them,
    decoupled from the gradient, as PyTorch's AdamW does too.

    Muon makes an update orthogonal, which is right for matrices that turn one
    layer into the next. Keras's gives it those with two axes, dense kernels,
    and AdamW, with the same learning rate, to the rest: convolutions, and
    vectors such as biases and batch norms. Class centers have two axes too,
    but each column is a class by itself, so they are added to `exclude_layers`
    and get AdamW as well. Its weight decay is `adam_weight_decay`.

    Args:
        config: `OptimizerConfig`.
        steps_per_epoch: int.
        epochs: int.

    Returns:
        `keras.optimizers.Optimizer`.
    """
    steps = config.accumulation_steps
    decay, arguments = config.weight_decay, dict(config.arguments)
    optimizer_class = optimizers.optimizer_class(config.name)
    if issubclass(optimizer_class, keras.optimizers.SGD):
        decay /= 1.0 - arguments["momentum"]
    if issubclass(optimizer_class, keras.optimizers.Muon):
        excluded = arguments["exclude_layers"] or ()
        arguments["exclude_layers"] = [*excluded, _CENTERS]
    average = config.ema_momentum
    if average is not None:
        arguments |= {"use_ema": True, "ema_momentum": average}
    optimizer = optimizer_class(
        learning_rate=build_schedule(config, steps_per_epoch, epochs),
        weight_decay=decay or None,
        global_clipnorm=config.global_clipnorm,
        gradient_accumulation_steps=steps if steps > 1 else None,
        **arguments,
    )
    optimizer.exclude_from_weight_decay(var_names=list(_UNDECAYED))
    return optimizer
