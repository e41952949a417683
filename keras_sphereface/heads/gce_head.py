import keras
from keras import ops

from keras_sphereface.backend.counted_seed import CountedSeed, add_counter
from keras_sphereface.class_softmax.class_parallel import pad_columns
from keras_sphereface.class_softmax.global_loss import GlobalLoss
from keras_sphereface.contract.arguments import (
    check_flag,
    check_integer,
    check_number,
)
from keras_sphereface.heads.embedding_bank import EmbeddingBank
from keras_sphereface.heads.hyperparameter import Hyperparameter
from keras_sphereface.heads.margin_head import MarginHead
from keras_sphereface.heads.registry import register
from keras_sphereface.ops import Margin


@register("gce")
@keras.saving.register_keras_serializable(package="keras_sphereface")
class GCEHead(MarginHead):
    """Global cross-entropy: logits compete across the whole batch.

    The true class of a sample is to be nearer than every other class is to any
    sample of the batch, and the other classes farther than every true class:
    see `class_softmax.GlobalLoss`. There is a margin on both sides,
    `cos(theta_y) - margin` and `cos(theta_j) + other_margin`. In a step of
    training some classes, drawn at random, are represented by the newest
    embedding of one of their images, which an `EmbeddingBank` keeps, in place
    of their center: so pairs of images are compared, as in verification.

    Only the abstract of the paper could be read. The loss is what it
    describes; its formula and the defaults are of this package and may differ
    from those of the paper. A cross-entropy of the user's choice in a
    functional model replaces the loss; `FaceRecognizer` uses it.

    Args:
        num_classes: int, number of identities.
        margin: float, at least 0. Defaults to `0.25`.
        other_margin: float, at least 0. Defaults to `0.1`.
        scale: float, above 0; or `"auto"`, which goes by the number of
            classes and is 16 for the 85,742 of MS1M, a quarter of what other
            heads take: see `class_scale`. A sum over the batch follows its
            hardest sample, and with their scale all classes ended up one way
            (206 people). Defaults to `"auto"`.
        bank_rate: float in `[0, 1)`, the share of classes that an embedding
            stands for in a step. Defaults to `0.1`.
        seed: int, of the draws. Defaults to `0`.
        detach: bool, whether the backward pass sees `cos(theta)` in place of
            the margined value. Defaults to `False`.
        **kwargs: `name` and other arguments of `keras.layers.Layer`.

    Call arguments:
        As `MarginHead`.

    Output shape:
        `(batch_size, num_classes)`, logits.

    Attributes:
        bank: `EmbeddingBank` of one embedding per identity.
        draws: int scalar, batches drawn for so far; saved with the head.

    Reference:
        - [Zhao et al., 2025](https://doi.org/10.1109/TIP.2025.3546481)
    """

    margin = Hyperparameter(at_least=0.0)
    other_margin = Hyperparameter(at_least=0.0)
    scale = Hyperparameter(above=0.0, is_scale=True, published=16.0)

    def __init__(
        self,
        num_classes,
        margin=0.25,
        other_margin=0.1,
        scale="auto",
        bank_rate=0.1,
        seed=0,
        detach=False,
        **kwargs,
    ):
        super().__init__(num_classes, **kwargs)
        if self.sub_centers != 1:
            raise ValueError(
                "`sub_centers` must be 1: an embedding stands in place of one "
                f"center. Received: sub_centers={self.sub_centers}"
            )
        if self.label_smoothing:
            raise ValueError(
                "`label_smoothing` must be 0: a sample is compared by its one "
                "true class. "
                f"Received: label_smoothing={self.label_smoothing}"
            )
        self.margin = margin
        self.other_margin = other_margin
        self.scale = scale
        self.bank_rate = check_number(
            "bank_rate", bank_rate, at_least=0.0, below=1.0
        )
        self.seed = check_integer("seed", seed, at_least=0)
        self.detach = check_flag("detach", detach)
        self.bank = EmbeddingBank(num_classes, one_per_class=True, name="bank")

    def build(self, embeddings_shape, labels_shape=None):
        super().build(embeddings_shape, labels_shape)
        self.bank.build(embeddings_shape)
        self.draws = add_counter(self, "draws")

    def class_margin(self, norms, training):
        return Margin(
            lambda cos_target: cos_target - self.margin,
            lambda cos_theta: cos_theta + self.other_margin,
            detach=self.detach,
        )

    def class_loss(self):
        return GlobalLoss(self.loss_weight)

    def penalties(self, outputs):
        if outputs.training:
            self.bank.add(outputs.unit, outputs.labels)
            self.draws.assign(self.draws + 1)
        return None

    def _columns(self, training):
        if not training:
            return self.centers
        chance = keras.random.uniform(
            (self.num_classes,),
            seed=CountedSeed(self.seed, ops.convert_to_tensor(self.draws)),
        )
        rows, labels = self.bank.entries()
        is_drawn = (chance < self.bank_rate) & (labels >= 0)
        columns = ops.transpose(rows)
        if self.padding:
            is_drawn = ops.pad(is_drawn, [(0, self.padding)])
            columns = pad_columns(columns, self.padding)
        centers = ops.convert_to_tensor(self.centers)
        return ops.where(is_drawn[None, :], columns, centers)

    def get_config(self):
        return {
            **super().get_config(),
            "bank_rate": self.bank_rate,
            "seed": self.seed,
            "detach": self.detach,
        }
