"""A comparison of heads: which runs it is made of."""

import dataclasses
import hashlib
import itertools
import json
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import keras

from keras_sphereface import heads
from keras_sphereface.contract.arguments import check_integer, check_number
from keras_sphereface.evaluation.study_run import head_label
from keras_sphereface.evaluation.study_summary import find_label
from keras_sphereface.training.config import (
    EmbedderConfig,
    TrainConfig,
    VerificationConfig,
)
from keras_sphereface.training.config_checks import check_counts, check_numbers
from keras_sphereface.training.data_config import DataConfig
from keras_sphereface.training.head_config import HeadConfig
from keras_sphereface.training.optimizer_config import OptimizerConfig


class PlannedRun(NamedTuple):
    """A run of a study.

    Attributes:
        key: str, made of all its settings: another one with any other setting.
        config: `TrainConfig`.
        settings: dict of JSON types, what the key is made of.
    """

    key: str
    config: TrainConfig
    settings: dict[str, Any]

    @property
    def label(self):
        """Str, head, arguments, learning rate and seed."""
        head, rate = self.config.head, self.config.optimizer.learning_rate
        label = head_label(head.name, head.arguments)
        return f"{label}, learning rate {rate:g}, seed {self.config.seed}"


@dataclass(frozen=True)
class HeadStudy:
    """Heads on one data set and one budget, each with several seeds.

    Args:
        heads: dicts of `"name"`, as `heads.get` takes it, and the head's
            arguments. A list in place of an argument stands for all its
            values, and several lists for all combinations.
        learning_rates: floats, each for all heads; `()` has that of
            `optimizer` alone.
        seeds: ints, each for all heads: of weights and order. Drawn faces are
            other people with another seed.
        baseline: str, the head that the others are compared with, seed by
            seed: `"name argument=value ..."` as the table has it, or the name
            where no other has it; `None` compares with none.
        degraded_by: float in `(0, 1)`, what an accuracy may lie below the best
            of its kind before it counts as degraded.
        data: `DataConfig`.
        embedder: `EmbedderConfig`.
        optimizer: `OptimizerConfig`.
        epochs: int.
        batch_size: int.
        precision: `"float32"`, `"mixed_bfloat16"` or `"mixed_float16"`.

    Example:

    ```python
    study = HeadStudy(
        heads=(
            {"name": "normface"},
            {"name": "spherefacer", "variant": ["v1", "v2"], "margin": 1.4},
        ),
        baseline="normface",
    )
    ```
    """

    heads: tuple[dict, ...]
    learning_rates: tuple[float, ...] = ()
    seeds: tuple[int, ...] = (0, 1, 2)
    baseline: str | None = None
    degraded_by: float = 0.05
    data: DataConfig = field(default_factory=DataConfig)
    embedder: EmbedderConfig = field(default_factory=EmbedderConfig)
    optimizer: OptimizerConfig = field(default_factory=OptimizerConfig)
    epochs: int = 8
    batch_size: int = 64
    precision: str = "float32"

    def __post_init__(self):
        check_counts(self, epochs=1, batch_size=1)
        check_numbers(self, degraded_by={"above": 0, "below": 1})
        for rate in self.learning_rates:
            check_number("learning_rates", rate, above=0)
        for seed in self.seeds:
            check_integer("seeds", seed, at_least=0)
        expanded, labels = self._expanded(), self._labels()
        for name, values, distinct in (
            ("heads", expanded, labels),
            ("seeds", self.seeds, set(self.seeds)),
        ):
            if not values or len(distinct) < len(values):
                raise ValueError(
                    f"`{name}` must be at least one, and none twice. "
                    f"Received: {name}={getattr(self, name)!r}"
                )
        _ = self.baseline_label
        self.plan()  # or an error of what a run could not be made of

    @property
    def baseline_label(self):
        """Str, the label of the baseline, or `None`."""
        if self.baseline is None:
            return None
        return find_label(self._labels(), self.baseline)

    def plan(self):
        """All runs, every head with the first seed before any with another.

        Returns:
            List of `PlannedRun`.
        """
        rates = self.learning_rates or (self.optimizer.learning_rate,)
        return [
            self._planned(name, arguments, float(rate), seed)
            for seed in self.seeds
            for name, arguments in self._expanded()
            for rate in rates
        ]

    def to_dict(self):
        """The study as JSON types."""
        return {
            **dataclasses.asdict(self),
            "optimizer": self.optimizer.to_dict(),
        }

    def _expanded(self):
        return [expanded for each in self.heads for expanded in grid(each)]

    def _labels(self):
        return {head_label(*each): each[0] for each in self._expanded()}

    def _planned(self, name, arguments, learning_rate, seed):
        config = TrainConfig(
            data=self.data,
            embedder=self.embedder,
            head=HeadConfig(name, arguments),
            optimizer=dataclasses.replace(
                self.optimizer, learning_rate=learning_rate
            ),
            verification=VerificationConfig(every_epochs=1),
            epochs=self.epochs,
            batch_size=self.batch_size,
            seed=seed,
            precision=self.precision,
        )
        settings = {
            "config": config.to_dict(),
            # Defaults too: another version of the package may have others.
            "head": _all_arguments(name, arguments),
            "backend": keras.backend.backend(),
        }
        try:
            text = json.dumps(settings)
        except TypeError as error:
            raise ValueError(
                "`heads` must have arguments that JSON can hold. "
                f"Received: {head_label(name, arguments)} ({error})"
            ) from error
        settings = json.loads(text)
        in_order = json.dumps(settings, sort_keys=True)
        key = hashlib.sha256(in_order.encode()).hexdigest()[:12]
        return PlannedRun(key, config, settings)


def grid(head):
    """All heads that an entry of a study stands for.

    Args:
        head: dict of `"name"` and arguments, each a value or a list of them.

    Returns:
        List of `(name, arguments)`, a str and a dict.
    """
    if "name" not in head:
        raise ValueError(
            f'`heads` must be dicts with a "name". Received: {head!r}'
        )
    choices = {
        argument: list(value) if isinstance(value, list | tuple) else [value]
        for argument, value in head.items()
    }
    return [
        (one.pop("name"), one)
        for values in itertools.product(*choices.values())
        for one in [dict(zip(choices, values, strict=True))]
    ]


def _all_arguments(name, arguments):
    """A head's arguments, its defaults among them."""
    of_every_layer = keras.layers.Layer().get_config()
    head = heads.get(name, num_classes=2, **arguments)
    return {
        argument: value
        for argument, value in head.get_config().items()
        if argument not in {*of_every_layer, "num_classes"}
    }
