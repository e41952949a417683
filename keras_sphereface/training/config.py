"""Everything a training run is made of."""

from dataclasses import asdict, dataclass, field


@dataclass(frozen=True)
class DataConfig:
    """Where faces come from.

    Args:
        folder: folder with one sub-folder an identity, or `None` for
            synthetic faces.
        pairs: LFW-format pairs file, for evaluation on other people. With
            `folder` and without pairs nothing is verified.
        pairs_root: folder of the images that `pairs` names.
        image_size: `(height, width)`, pixels.
        synthetic_identities: int, identities to train on without `folder`.
        synthetic_images: int, images of each.
        synthetic_unseen: int, other identities, to verify.
        synthetic_pairs: int, pairs of them in each of ten folds.
    """

    folder: str | None = None
    pairs: str | None = None
    pairs_root: str | None = None
    image_size: tuple[int, int] = (112, 112)
    synthetic_identities: int = 200
    synthetic_images: int = 20
    synthetic_unseen: int = 120
    synthetic_pairs: int = 200


@dataclass(frozen=True)
class EmbedderConfig:
    """The network from images to embeddings.

    Args:
        backbone: str, one of `backbones.names()`.
        embedding_dim: int.
    """

    backbone: str = "mobilefacenet"
    embedding_dim: int = 256


@dataclass(frozen=True)
class HeadConfig:
    """The head that turns embeddings into class logits.

    Args:
        name: str, one of `heads.names()`.
        arguments: dict, the head's own arguments but `num_classes`.
    """

    name: str = "spherefacer"
    arguments: dict = field(default_factory=dict)


@dataclass(frozen=True)
class OptimizerConfig:
    """SGD with momentum, a warm-up and a cosine decay.

    Args:
        learning_rate: float, its height after the warm-up.
        momentum: float in `[0, 1)`.
        weight_decay: float, the L2 coefficient of convolutions and dense
            kernels as PyTorch counts it; batch norm, biases and PReLU slopes
            have none.
        warmup_epochs: float, epochs of linear growth from 0.
        final_fraction: float, what is left of the learning rate at the end.
    """

    learning_rate: float = 0.1
    momentum: float = 0.9
    weight_decay: float = 5e-4
    warmup_epochs: float = 1.0
    final_fraction: float = 0.0


@dataclass(frozen=True)
class TrainConfig:
    """One training run.

    Args:
        data: `DataConfig`.
        embedder: `EmbedderConfig`.
        head: `HeadConfig`.
        optimizer: `OptimizerConfig`.
        epochs: int.
        batch_size: int.
        seed: int, for weights, order and augmentation.
        precision: `"float32"`, `"mixed_float16"` or `"mixed_bfloat16"`.
    """

    data: DataConfig = field(default_factory=DataConfig)
    embedder: EmbedderConfig = field(default_factory=EmbedderConfig)
    head: HeadConfig = field(default_factory=HeadConfig)
    optimizer: OptimizerConfig = field(default_factory=OptimizerConfig)
    epochs: int = 20
    batch_size: int = 64
    seed: int = 0
    precision: str = "float32"

    def __post_init__(self):
        precisions = ("float32", "mixed_float16", "mixed_bfloat16")
        if self.precision not in precisions:
            raise ValueError(
                f"`precision` must be one of {list(precisions)}. "
                f"Received: precision={self.precision!r}"
            )
        for name in ("epochs", "batch_size"):
            value = getattr(self, name)
            if not isinstance(value, int) or value < 1:
                raise ValueError(
                    f"`{name}` must be a positive integer. "
                    f"Received: {name}={value!r}"
                )
        if (self.data.pairs is None) != (self.data.pairs_root is None):
            raise ValueError(
                "`pairs` and `pairs_root` belong together: the file, and the "
                f"folder of its images. Received: pairs={self.data.pairs!r}, "
                f"pairs_root={self.data.pairs_root!r}"
            )
        if self.data.folder is None and self.data.pairs is not None:
            raise ValueError(
                "`pairs` needs `folder`: synthetic faces are verified on "
                "synthetic pairs. Received: folder=None, "
                f"pairs={self.data.pairs!r}"
            )

    def to_dict(self):
        """The config as JSON types."""
        return asdict(self)
