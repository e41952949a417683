"""Everything a training run is made of."""

import dataclasses
from dataclasses import dataclass, field

from keras_sphereface import backbones
from keras_sphereface.contract.arguments import check_choice, check_integer
from keras_sphereface.training.config_checks import (
    check_counts,
    check_flags,
    check_numbers,
)
from keras_sphereface.training.data_config import DataConfig
from keras_sphereface.training.head_config import HeadConfig
from keras_sphereface.training.optimizer_config import OptimizerConfig

_ON_DIVERGENCE = ("stop", "rollback")
_PRECISIONS = ("float32", "mixed_bfloat16", "mixed_float16")
_STRATEGIES = (
    "none",
    "mirrored",
    "multi_worker",
    "data_parallel",
    "class_parallel",
)
# Of NumPy, which Keras seeds too.
_LARGEST_SEED = 2**32 - 1


@dataclass(frozen=True)
class EmbedderConfig:
    """The network from images to embeddings.

    Args:
        backbone: str, one of `backbones.names()`, or `"module:function"` of a
            builder as `backbones.register` takes it.
        embedding_dim: int.
        batch_norm: bool, batch normalization in backbone and neck.
        dropout: float in `[0, 1)`, before the last dense layer.
        synchronized_batch_norm: bool, batch statistics over all replicas.
        arguments: dict, other arguments of `build_embedding_model`: `neck`,
            and those of the backbone.
    """

    backbone: str = "mobilefacenet"
    embedding_dim: int = 256
    batch_norm: bool = True
    dropout: float = 0.0
    synchronized_batch_norm: bool = False
    arguments: dict = field(default_factory=dict)

    def __post_init__(self):
        check_counts(self, embedding_dim=1)
        check_numbers(self, dropout={"at_least": 0, "below": 1})
        check_flags(self, "batch_norm", "synchronized_batch_norm")
        backbones.builder_of(self.backbone)


@dataclass(frozen=True)
class VerificationConfig:
    """What is measured on the pairs while training.

    Args:
        every_epochs: int, how often the pairs are verified; `0` is before and
            after training only. The embedder of the best accuracy is kept in
            `best_embedder.keras`.
        patience: int, verifications without a better accuracy after which
            training stops; `0` never stops.
    """

    every_epochs: int = 0
    patience: int = 0

    def __post_init__(self):
        check_counts(self, every_epochs=0, patience=0)
        if self.patience and not self.every_epochs:
            raise ValueError(
                "`patience` counts verifications, so `every_epochs` must be at "
                f"least 1. Received: patience={self.patience}, every_epochs=0"
            )


@dataclass(frozen=True)
class CheckpointConfig:
    """What a killed run resumes from.

    Args:
        every_steps: int, batches between checkpoints; there is one at the end
            of every epoch too. `0` writes none.
        keep: int, newest checkpoints to keep; with two, one can be damaged.
    """

    every_steps: int = 2000
    keep: int = 2

    def __post_init__(self):
        check_counts(self, every_steps=0, keep=1)


@dataclass(frozen=True)
class TrainConfig:
    """One training run.

    Args:
        data: `DataConfig`.
        embedder: `EmbedderConfig`.
        head: `HeadConfig`.
        optimizer: `OptimizerConfig`.
        verification: `VerificationConfig`.
        checkpoint: `CheckpointConfig`.
        epochs: int.
        batch_size: int, images per step on all devices together.
        seed: int, below 2**32, for weights, order and augmentation.
        precision: `"float32"`, `"mixed_bfloat16"` or `"mixed_float16"`.
        strategy: `"none"`; `"mirrored"`, all GPUs of this machine;
            `"multi_worker"`, those of all machines in `TF_CONFIG`;
            `"data_parallel"`, all devices of the JAX backend; or
            `"class_parallel"`, these, with the centers split over them.
        cpu_devices: int, logical devices to make of the CPU, to try a strategy
            without GPUs.
        deterministic: bool, whether a run gives the same weights to the last
            bit each time; slower. TensorFlow only.
        tensorboard: bool, whether the logs also go to `tensorboard/`.
        on_divergence: `"stop"`, or `"rollback"` to the newest checkpoint at a
            lower learning rate, once weights or losses are not finite.
        rollbacks: int, how often it may go back.
        rollback_factor: float in `(0, 1)`, what each multiplies the learning
            rate with.
    """

    data: DataConfig = field(default_factory=DataConfig)
    embedder: EmbedderConfig = field(default_factory=EmbedderConfig)
    head: HeadConfig = field(default_factory=HeadConfig)
    optimizer: OptimizerConfig = field(default_factory=OptimizerConfig)
    verification: VerificationConfig = field(default_factory=VerificationConfig)
    checkpoint: CheckpointConfig = field(default_factory=CheckpointConfig)
    epochs: int = 20
    batch_size: int = 64
    seed: int = 0
    precision: str = "float32"
    strategy: str = "none"
    cpu_devices: int = 1
    deterministic: bool = False
    tensorboard: bool = False
    on_divergence: str = "stop"
    rollbacks: int = 3
    rollback_factor: float = 0.1

    def __post_init__(self):
        check_choice("precision", self.precision, _PRECISIONS)
        check_choice("strategy", self.strategy, _STRATEGIES)
        check_counts(self, epochs=1, batch_size=1, cpu_devices=1, seed=0)
        check_integer("seed", self.seed, at_least=0, at_most=_LARGEST_SEED)
        check_flags(self, "deterministic", "tensorboard")
        check_choice("on_divergence", self.on_divergence, _ON_DIVERGENCE)
        check_counts(self, rollbacks=1)
        check_numbers(self, rollback_factor={"above": 0, "below": 1})
        if self.on_divergence == "rollback" and not self.checkpoint.every_steps:
            raise ValueError(
                '`on_divergence="rollback"` needs checkpoints to go back to. '
                "Received: checkpoint.every_steps=0"
            )
        data = self.data
        if self.verification.every_epochs and data.folder and not data.pairs:
            raise ValueError(
                "`verification.every_epochs` needs `data.pairs`. Received: "
                f"every_epochs={self.verification.every_epochs}, pairs=None"
            )

    def to_dict(self):
        """The config as JSON types.

        The arguments of head and optimizer stand beside their names.
        """
        content = dataclasses.asdict(self)
        content["head"] = self.head.to_dict()
        content["optimizer"] = self.optimizer.to_dict()
        return content
