import functools
import math

import keras
from keras import ops

from keras_sphereface.class_softmax.class_loss import BinaryLoss, sum_others
from keras_sphereface.class_softmax.streamed_classes import split_classes
from keras_sphereface.contract.arguments import check_number
from keras_sphereface.heads.cosface_head import CosFaceHead
from keras_sphereface.heads.embedding_bank import EmbeddingBank
from keras_sphereface.heads.hyperparameter import Hyperparameter
from keras_sphereface.heads.registry import register
from keras_sphereface.ops import Margin, cosface_margin, logits_of_cosines


@register("unitsface")
@keras.saving.register_keras_serializable(package="keras_sphereface")
class UniTSFaceHead(CosFaceHead):
    """UniTSFace: CosFace, and pairs of images with one threshold for all.

    To the loss of CosFace it adds one of pairs (the USS loss): an embedding is
    compared with the newest one of each identity, which an `EmbeddingBank`
    keeps. With `c_j` the cosine to that of identity `j`, it is
    `log(1 + exp(-(scale * (c_y - pair_margin) - b)))` plus the sum over the
    others of `log(1 + exp(scale * c_j - b))`, where `b` is trained. Identities
    that have not come yet do not count, so that in the first steps there is
    CosFace alone. `class_chunk` holds for both; all identities of the bank
    count, also with `sample_rate`. Of soft labels pairs see the class that
    counts most.

    The authors' code differs: it clips logits to `[-scale, scale]`, leaves the
    pairs out of the whole first epoch, and lets `b` start at the mean of
    `log sum exp(scale * c_j)` over a batch.

    Args:
        num_classes: int, number of identities.
        margin: float, of CosFace, at least 0. Defaults to `0.4`.
        scale: float, above 0; or `"auto"`, which goes by the number of
            classes and is 64 for the 85,742 of MS1M; see `class_scale`.
            Defaults to `"auto"`.
        pair_margin: float, at least 0. Defaults to `0.1`.
        pair_weight: float, above 0, of the loss of pairs. Defaults to `1.0`.
        detach: bool, whether the backward pass sees `cos(theta)` in place of
            the margined value. Defaults to `False`.
        **kwargs: `sub_centers`, `name` and other arguments of
            `keras.layers.Layer`.

    Call arguments:
        As `MarginHead`.

    Output shape:
        `(batch_size, num_classes)`, logits of CosFace.

    Attributes:
        bias: scalar, `b`. It starts at `ln(10 * num_classes)`, as in
            `UniFaceHead`.
        bank: `EmbeddingBank` of one embedding per identity.

    Reference:
        - [Li et al., 2023](https://arxiv.org/abs/2311.02523)
    """

    pair_margin = Hyperparameter(at_least=0.0)

    def __init__(
        self,
        num_classes,
        margin=0.4,
        scale="auto",
        pair_margin=0.1,
        pair_weight=1.0,
        detach=False,
        **kwargs,
    ):
        super().__init__(
            num_classes, margin=margin, scale=scale, detach=detach, **kwargs
        )
        self.pair_margin = pair_margin
        self.pair_weight = check_number("pair_weight", pair_weight, above=0.0)
        self.bank = EmbeddingBank(num_classes, one_per_class=True, name="bank")

    def build(self, embeddings_shape, labels_shape=None):
        super().build(embeddings_shape, labels_shape)
        self.bank.build(embeddings_shape)
        self.bias = self.add_weight(
            name="bias",
            shape=(),
            initializer=keras.initializers.Constant(
                math.log(10.0 * self.num_classes)
            ),
        )

    def penalties(self, outputs):
        losses = self._pair_losses(outputs.unit, outputs.labels)
        if outputs.training:
            self.bank.add(outputs.unit, outputs.labels)
        return losses

    def _pair_losses(self, unit, labels):
        rows, their_labels = self.bank.entries()
        columns = ops.transpose(rows)
        is_there = ops.cast(their_labels >= 0, "float32")
        formula = {
            "margin": Margin(
                functools.partial(cosface_margin, margin=self.pair_margin)
            ),
            "scale": self.scale,
            "bias": -self.bias,
        }
        kind = {"is_binary": True, "class_weights": is_there}
        chunk = self._chunk_of(unit)
        if chunk is None:
            logits, target, _ = logits_of_cosines(
                ops.matmul(unit, columns), labels, apart=True, **formula
            )
            others, _ = sum_others(logits, **kind)
        else:
            target, others, *_ = split_classes(
                unit, columns, labels, class_chunk=chunk, **kind, **formula
            )
        has_pair = ops.take(is_there, ops.maximum(labels, 0))
        loss = BinaryLoss(has_pair, 1.0, self.pair_weight)
        return loss.from_sums(target, others)

    def get_config(self):
        return {**super().get_config(), "pair_weight": self.pair_weight}
