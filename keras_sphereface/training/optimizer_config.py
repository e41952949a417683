"""The optimizer of a run, and its learning rate over time."""

import dataclasses
from dataclasses import dataclass, field

from keras_sphereface import optimizers
from keras_sphereface.contract.arguments import (
    check_choice,
    check_flag,
    check_integer,
    check_number,
)
from keras_sphereface.optimizers.registry import plain_name
from keras_sphereface.training.config_checks import (
    check_arguments,
    check_counts,
    check_numbers,
)

# What a learning-rate schedule reads beside the warm-up.
_SCHEDULES = {
    "cosine": {"final_fraction"},
    "polynomial": {"final_fraction", "power"},
    "multi_step": {"milestones", "decay_factor"},
    "constant": set(),
}
# What face recognition trains with; the other optimizers have Keras's defaults.
_PUBLISHED = {
    "sgd": {"learning_rate": 0.1, "weight_decay": 5e-4, "momentum": 0.9},
}
_OF_THE_OPTIMIZER = ("learning_rate", "weight_decay")
_IS_SHARE = {"at_least": 0, "below": 1}
_IS_POSITIVE = {"above": 0}
# Keras's words for arguments that have a range in any optimizer.
_RANGES = {
    "momentum": _IS_SHARE,
    "rho": _IS_SHARE,
    "beta_1": _IS_SHARE,
    "beta_2": _IS_SHARE,
    "adam_beta_1": _IS_SHARE,
    "adam_beta_2": _IS_SHARE,
    "epsilon": _IS_POSITIVE,
    "epsilon_1": _IS_POSITIVE,
    "epsilon_2": _IS_POSITIVE,
    "adam_weight_decay": {"at_least": 0},
}
_COUNTS = {"ns_steps": 1, "warmup_steps": 0}


@dataclass(frozen=True)
class OptimizerConfig:
    """A Keras optimizer, a warm-up and a learning-rate schedule.

    Args:
        name: str, one of `optimizers.names()`, such as `"sgd"`, `"adamw"`,
            `"lamb"` or `"muon"`, or `"module:name"` of an optimizer class.
        arguments: dict, the optimizer's own arguments; those left out have
            Keras's defaults, but a `momentum` of 0.9 for `"sgd"`.
        learning_rate: float, above 0, its height after the warm-up. Defaults
            to 0.1 for `"sgd"` and to Keras's for others.
        weight_decay: float, at least 0, of convolutions and dense kernels and
            of class centers; batch norm, biases and PReLU slopes have none.
            For SGD the L2 coefficient as PyTorch counts it, else the decay
            per step of rate 1 as Keras does. Defaults to 5e-4 for `"sgd"`
            and to Keras's for others, 0 where it has none.
        warmup_epochs: float, at least 0, epochs of linear growth from 0.
        schedule: `"cosine"`, `"polynomial"`, `"multi_step"` or `"constant"`.
        final_fraction: float in `[0, 1]`, what a cosine or polynomial leaves
            of the learning rate at the end.
        power: float, above 0, exponent of the polynomial.
        milestones: epochs after which multi-step multiplies the learning rate.
        decay_factor: float in `(0, 1]`, by which it does.
        global_clipnorm: float, above 0, largest norm of all gradients
            together, or `None`.
        accumulation_steps: int, batches whose mean gradient makes one update.
        ema_momentum: float in `[0, 1)`, of a moving average of the weights,
            which is what is verified and kept; `None` keeps the weights.
    """

    name: str = "sgd"
    arguments: dict = field(default_factory=dict)
    learning_rate: float | None = None
    weight_decay: float | None = None
    warmup_epochs: float = 1.0
    schedule: str = "cosine"
    final_fraction: float = 0.0
    power: float = 2.0
    milestones: tuple[float, ...] = ()
    decay_factor: float = 0.1
    global_clipnorm: float | None = None
    accumulation_steps: int = 1
    ema_momentum: float | None = None

    def __post_init__(self):
        self._fill()
        check_numbers(
            self,
            learning_rate=_IS_POSITIVE,
            weight_decay={"at_least": 0},
            warmup_epochs={"at_least": 0},
            final_fraction={"at_least": 0, "at_most": 1},
            power=_IS_POSITIVE,
            decay_factor={"above": 0, "at_most": 1},
            global_clipnorm=_IS_POSITIVE,
            ema_momentum=_IS_SHARE,
        )
        check_counts(self, accumulation_steps=1)
        check_choice("schedule", self.schedule, _SCHEDULES)
        if self.name == "ftrl" and self.warmup_epochs:
            raise ValueError(
                "`warmup_epochs` must be 0 for optimizer 'ftrl': it divides by "
                "the learning rate, which a warm-up starts at 0. Received: "
                f"warmup_epochs={self.warmup_epochs}"
            )
        self._check_milestones()
        self._check_all_is_read()

    def _fill(self):
        """Puts in what was left out, and the optimizer's plain name."""
        defaults = default_settings(self.name)
        object.__setattr__(self, "name", plain_name(self.name))
        for name in _OF_THE_OPTIMIZER:
            if getattr(self, name) is None and defaults[name] is not None:
                object.__setattr__(self, name, defaults[name])
        if self.learning_rate is None:
            raise ValueError(
                f"`learning_rate` must be given: optimizer {self.name!r} has "
                "no default. Received: learning_rate=None"
            )
        fields = self.__dataclass_fields__
        own = {k: v for k, v in defaults.items() if k not in fields}
        check_arguments(f"optimizer {self.name!r}", self.arguments, own)
        given = {
            name: _checked(name, value, own[name])
            for name, value in self.arguments.items()
        }
        object.__setattr__(self, "arguments", {**own, **given})

    def _check_milestones(self):
        given = self.milestones
        is_list = isinstance(given, tuple | list)
        epochs = [
            check_number("milestones", epoch, above=0)
            for epoch in (given if is_list else ())
        ]
        is_needed = self.schedule == "multi_step"
        if (
            not is_list
            or (is_needed and not epochs)
            or (epochs != sorted(set(epochs)))
        ):
            raise ValueError(
                "`milestones` must be epochs in ascending order, at least one. "
                f"Received: milestones={given!r}"
            )
        object.__setattr__(self, "milestones", tuple(epochs))

    def _check_all_is_read(self):
        read = _SCHEDULES[self.schedule]
        for setting in dataclasses.fields(self):
            value = getattr(self, setting.name)
            readers = [k for k, v in _SCHEDULES.items() if setting.name in v]
            unread = readers and setting.name not in read
            if unread and value != setting.default:
                raise ValueError(
                    f"`{setting.name}` is read by schedule "
                    f"{' and '.join(map(repr, readers))} only. Received: "
                    f"{setting.name}={value!r}, schedule={self.schedule!r}"
                )

    def to_dict(self):
        """The settings, and the arguments beside them."""
        content = dataclasses.asdict(self)
        return content | content.pop("arguments")


# Settings that mean the same for every optimizer.
SHARED_SETTINGS = tuple(
    name
    for name in OptimizerConfig.__dataclass_fields__
    if name not in ("name", "arguments", *_OF_THE_OPTIMIZER)
)


def default_settings(name):
    """All settings of an optimizer as one dict, as a command line has them.

    Args:
        name: str, as `optimizers.get` takes it.

    Returns:
        Dict; a `learning_rate` of `None` must be given.
    """
    fields = OptimizerConfig.__dataclass_fields__
    return {
        **optimizers.defaults(name),
        **_PUBLISHED.get(plain_name(name), {}),
        # Where an argument has the name of one of these, these count.
        **{each: fields[each].default for each in SHARED_SETTINGS},
    }


def _checked(name, value, default):
    """An argument of an optimizer, if it is of the kind of its default."""
    if name in _RANGES:
        return check_number(name, value, **_RANGES[name])
    if name in _COUNTS:
        return check_integer(name, value, at_least=_COUNTS[name])
    if isinstance(default, bool):
        return check_flag(name, value)
    if isinstance(default, int | float) and value is not None:
        return check_number(name, value)
    return value
