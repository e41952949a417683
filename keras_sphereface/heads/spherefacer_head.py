import keras
from keras import ops

from keras_sphereface.class_softmax.class_loss import SoftmaxLoss
from keras_sphereface.contract.arguments import check_choice
from keras_sphereface.heads.hyperparameter import Hyperparameter
from keras_sphereface.heads.margin_head import MarginHead
from keras_sphereface.heads.registry import register
from keras_sphereface.ops import spherefacer_margin

_VARIANTS = ("v0", "v1", "v2")
_NORM_PENALTIES = {"l1": ops.abs, "l2": ops.square}
# OpenSphere's weights of the cross-entropy.
_LOSS_WEIGHTS = {"none": 1.0, "hard": 50.0, "soft": 50.0}


@register("spherefacer")
@keras.saving.register_keras_serializable(package="keras_sphereface")
class SphereFaceRHead(MarginHead):
    """SphereFace-R: a multiplicative angular margin that trains.

    The logit of class `j` is `scale * phi_j`, where the characteristic
    function `phi` multiplies an angle by the margin `m`:

    | `variant` | true class `y` | every other class `j` |
    |---|---|---|
    | `"v0"` | `(-1)^k cos(m theta_y) - 2k`, `k = floor(m theta_y / pi)` | `cos(theta_j)` |
    | `"v1"` | `cos(min(m theta_y, pi))` | `cos(theta_j)` |
    | `"v2"` | `cos(theta_y)` | `cos(theta_j / m)` |

    and the feature normalization says what scales it and how the loss of a
    sample is weighed:

    | `normalization` | scale | loss |
    |---|---|---|
    | `"none"` | norm of the embedding | `lw * CE` |
    | `"hard"` | `scale` | `lw * CE / scale` |
    | `"soft"` | norm of the embedding | `lw * CE / scale + t * penalty(norm - scale)` |

    With `detach=True` the gradient is not that of the forward formula: the
    backward pass sees the plain logit, `scale * cos(theta)`, in place of
    `scale * phi` (characteristic gradient detachment). Where the norm of the
    embedding is the scale, `detach="cosine"` is what OpenSphere's code does:
    the gradient of the norm sees `phi`. At the start every `phi_y` is the
    smallest, so that the loss falls fastest as norms shrink: with a constant
    margin they go to 0 and the head learns nothing. It trains with a margin
    that grows from 1.

    Called on embeddings and labels inside a functional model, the layer
    returns logits for a cross-entropy of the user's choice and adds the norm
    penalty by `add_loss`; the weights `lw` and `1 / scale` then are the
    user's. `FaceRecognizer` uses the whole loss.

    Args:
        num_classes: int, number of identities.
        variant: `"v0"`, `"v1"` or `"v2"`. Defaults to `"v2"`.
        normalization: `"none"`, `"hard"` or `"soft"`, of the embeddings.
            Defaults to `"hard"`.
        margin: float, angle multiplier `m`, at least 1; 1 means no margin.
            Defaults to `1.4`.
        scale: float, above 0; or `"auto"`, which goes by the number of
            classes; see `class_scale`. The logit scale in `"hard"`, the norm
            that embeddings are drawn to in `"soft"`, not used in `"none"`.
            Defaults to `60.0`, OpenSphere's for CASIA-WebFace's 10,572 people;
            it has 30 in `"soft"`. With 206 people `"v1"` and `"hard"` verified
            68 % of held-out pairs at 60, and 75 % at `"auto"`, 30.
        detach: bool, whether the gradient is detached, or `"cosine"`, for
            comparisons with OpenSphere. Defaults to `True`.
        loss_weight: float, `lw`, above 0. Defaults to OpenSphere's: 1 in
            `"none"`, 50 in `"hard"` and `"soft"`.
        norm_penalty: `"l1"` or `"l2"`, for `"soft"`: the absolute (SphereFace-R)
            or the squared (Ring loss) difference. Defaults to `"l1"`.
        norm_penalty_weight: float, `t`, for `"soft"`, at least 0. Defaults to
            `0.01`.
        **kwargs: `sub_centers`, `name` and other arguments of
            `keras.layers.Layer`.

    `margin`, `scale` and `norm_penalty_weight` are hyperparameters: they are
    saved with the head and may be set while it trains, `head.margin = 1.2`.

    Attributes:
        centers: `(embedding_dim, num_classes)`, one center per column; only
            their directions count.

    Call arguments:
        embeddings: `(batch_size, embedding_dim)`, any norm. An all-zero row
            has cosine 0 to every class and gets no gradient.
        labels: int, `(batch_size,)`, in `[0, num_classes)`; `None` leaves the
            margin out.

    Output shape:
        `(batch_size, num_classes)`, logits.

    Example:

    ```python
    embeddings = keras.Input((512,))
    labels = keras.Input((), dtype="int32")
    logits = SphereFaceRHead(num_classes=10572)(embeddings, labels)
    model = keras.Model([embeddings, labels], logits)
    ```

    Reference:
        - [Liu et al., 2022](https://arxiv.org/abs/2109.05565)
        - OpenSphere, commit 032c31b, for the defaults
        - [Zheng et al., 2018](https://arxiv.org/abs/1803.00130), the squared
            penalty
    """  # noqa: E501

    margin = Hyperparameter("multiplies the angle, so it", at_least=1.0)
    scale = Hyperparameter(above=0.0, is_scale=True)
    norm_penalty_weight = Hyperparameter(at_least=0.0)

    def __init__(
        self,
        num_classes,
        variant="v2",
        normalization="hard",
        margin=1.4,
        scale=60.0,
        detach=True,
        loss_weight=None,
        norm_penalty="l1",
        norm_penalty_weight=0.01,
        **kwargs,
    ):
        check_choice("variant", variant, _VARIANTS)
        check_choice("normalization", normalization, _LOSS_WEIGHTS)
        check_choice("norm_penalty", norm_penalty, _NORM_PENALTIES)
        if loss_weight is None:
            loss_weight = _LOSS_WEIGHTS[normalization]
        super().__init__(num_classes, loss_weight=loss_weight, **kwargs)
        self.variant = variant
        self.normalization = normalization
        self.margin = margin
        self.scale = scale
        check_choice("detach", detach, (True, False, "cosine"))
        self.detach = detach
        self.norm_penalty = norm_penalty
        self.norm_penalty_weight = norm_penalty_weight

    @property
    def needs_only_cosines(self):
        return self.normalization == "hard"

    def class_margin(self, norms, training):
        return spherefacer_margin(
            variant=self.variant, margin=self.margin, detach=self.detach
        )

    def logit_scale(self, norms):
        return self.scale if self.normalization == "hard" else norms

    def class_loss(self):
        if self.normalization == "none":
            return SoftmaxLoss(self.loss_weight)
        return SoftmaxLoss(self.loss_weight / self.scale)

    def penalties(self, outputs):
        if self.normalization != "soft":
            return None
        distance = _NORM_PENALTIES[self.norm_penalty](
            outputs.norms - self.scale
        )
        return self.norm_penalty_weight * distance

    def get_config(self):
        return {
            **super().get_config(),
            "variant": self.variant,
            "normalization": self.normalization,
            "detach": self.detach,
            "norm_penalty": self.norm_penalty,
        }
