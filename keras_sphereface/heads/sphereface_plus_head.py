import keras
from keras import ops

from keras_sphereface.backend.replicas import gather_rows
from keras_sphereface.heads.hyperparameter import Hyperparameter
from keras_sphereface.heads.registry import register
from keras_sphereface.heads.sphereface_head import SphereFaceHead
from keras_sphereface.ops import hyperspherical_energy


@register("sphereface_plus")
@keras.saving.register_keras_serializable(package="keras_sphereface")
class SphereFacePlusHead(SphereFaceHead):
    """SphereFace+: SphereFace whose centers keep away from each other.

    Adds `energy_weight` times the mean of `theta^-2` over the pairs of centers
    of the classes in the global batch to the loss; 0 where the batch has one
    class.

    Args:
        num_classes: int, number of identities.
        margin: float, `m`, at least 1; 1 means no margin. Defaults to `1.5`.
        scale: float, above 0. Defaults to `30.0`.
        energy_weight: float, at least 0. Defaults to `1.0`.
        detach: bool, whether the backward pass sees `cos(theta)` in place of
            the margined value. Defaults to `True`.
        **kwargs: `name` and other arguments of
            `keras.layers.Layer`.

    Call arguments:
        As `MarginHead`.

    Output shape:
        `(batch_size, num_classes)`, logits.

    Reference:
        - [Liu et al., 2018](https://arxiv.org/abs/1805.09298)
    """

    energy_weight = Hyperparameter(at_least=0.0)

    def __init__(
        self,
        num_classes,
        margin=1.5,
        scale=30.0,
        energy_weight=1.0,
        detach=True,
        **kwargs,
    ):
        super().__init__(num_classes, margin, scale, detach, **kwargs)
        if self.sub_centers != 1:
            raise ValueError(
                "`sub_centers` must be 1: the energy is between one center per "
                f"class. Received: sub_centers={self.sub_centers}"
            )
        self.energy_weight = energy_weight

    def penalties(self, outputs):
        energy = hyperspherical_energy(
            self.centers, gather_rows(outputs.labels)
        )
        return self.energy_weight * energy * ops.ones_like(outputs.norms)
