"""Everything a training run is made of."""

import dataclasses
from dataclasses import dataclass, field

from keras_sphereface import backbones, heads
from keras_sphereface.contract.arguments import check_choice
from keras_sphereface.training.config_checks import check_counts
from keras_sphereface.training.data_config import DataConfig

_PRECISIONS = ("float32", "mixed_bfloat16", "mixed_float16")
_STRATEGIES = (
    "none",
    "mirrored",
    "multi_worker",
    "data_parallel",
    "class_parallel",
)
# What a learning-rate schedule reads beside the warm-up.
_SCHEDULES = {
    "cosine": {"final_fraction"},
    "polynomial": {"final_fraction", "power"},
    "multi_step": {"milestones", "decay_factor"},
    "constant": set(),
}


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
        backbones.builder_of(self.backbone)


@dataclass(frozen=True)
class HeadConfig:
    """The head that turns embeddings into class logits.

    Args:
        name: str, one of `heads.names()`, or `"module:name"` of a head class.
        arguments: dict, the head's own arguments but `num_classes`.
    """

    name: str = "spherefacer"
    arguments: dict = field(default_factory=dict)

    def __post_init__(self):
        heads.head_class(self.name)


@dataclass(frozen=True)
class OptimizerConfig:
    """SGD with momentum, a warm-up and a learning-rate schedule.

    Args:
        learning_rate: float, its height after the warm-up.
        momentum: float in `[0, 1)`.
        weight_decay: float, the L2 coefficient of convolutions and dense
            kernels as PyTorch counts it; batch norm, biases and PReLU slopes
            have none.
        warmup_epochs: float, epochs of linear growth from 0.
        schedule: `"cosine"`, `"polynomial"`, `"multi_step"` or `"constant"`.
        final_fraction: float, what a cosine or polynomial leaves of the
            learning rate at the end.
        power: float, exponent of the polynomial.
        milestones: epochs after which multi-step multiplies the learning rate.
        decay_factor: float, by which it does.
        global_clipnorm: float, largest norm of all gradients together, or
            `None`.
        accumulation_steps: int, batches whose mean gradient makes one update.
        ema_momentum: float in `(0, 1)`, of a moving average of the weights,
            which is what is verified and kept; `None` keeps the weights.
    """

    learning_rate: float = 0.1
    momentum: float = 0.9
    weight_decay: float = 5e-4
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
        check_choice("schedule", self.schedule, _SCHEDULES)
        check_counts(self, accumulation_steps=1)
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
        steps = list(self.milestones)
        if self.schedule == "multi_step" and (
            not steps or steps != sorted(set(steps)) or steps[0] <= 0
        ):
            raise ValueError(
                "`milestones` must be epochs in ascending order, at least one. "
                f"Received: milestones={self.milestones}"
            )


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
        seed: int, for weights, order and augmentation.
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

    def __post_init__(self):
        check_choice("precision", self.precision, _PRECISIONS)
        check_choice("strategy", self.strategy, _STRATEGIES)
        check_counts(self, epochs=1, batch_size=1, cpu_devices=1, seed=0)
        data = self.data
        if self.verification.every_epochs and data.folder and not data.pairs:
            raise ValueError(
                "`verification.every_epochs` needs `data.pairs`. Received: "
                f"every_epochs={self.verification.every_epochs}, pairs=None"
            )

    def to_dict(self):
        """The config as JSON types; the head's arguments beside its name."""
        content = dataclasses.asdict(self)
        content["head"] = {"name": self.head.name, **self.head.arguments}
        return content
