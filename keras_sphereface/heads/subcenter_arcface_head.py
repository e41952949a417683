import keras

from keras_sphereface.heads.arcface_head import ArcFaceHead
from keras_sphereface.heads.registry import register


@register("subcenter_arcface")
@keras.saving.register_keras_serializable(package="keras_sphereface")
class SubCenterArcFaceHead(ArcFaceHead):
    """Sub-center ArcFace: each class has several centers, the nearest counts.

    For noisy data: wrongly labeled faces gather at a center of their own
    instead of pulling the right one. Every other head takes `sub_centers`
    too.

    Args:
        num_classes: int, number of identities.
        margin: float, `m`, in `[0, pi)`, radians. Defaults to `0.5`.
        scale: float, above 0; or `"auto"`, which goes by the number of
            classes and is 64 for the 85,742 of MS1M; see `class_scale`.
            Defaults to `"auto"`.
        sub_centers: int, centers per class. Defaults to `3`.
        detach: bool, whether the backward pass sees `cos(theta)` in place of
            the margined value, as in the authors' code. With `False` an angle
            near 180 degrees is a cheap minimum that small sets of people end
            in. Defaults to `True`.
        **kwargs: `name` and other arguments of
            `keras.layers.Layer`.

    Call arguments:
        As `MarginHead`.

    Output shape:
        `(batch_size, num_classes)`, logits.

    Reference:
        - [Deng et al., 2020](https://www.ecva.net/papers/eccv_2020/papers_ECCV/papers/123560715.pdf)
    """

    def __init__(
        self,
        num_classes,
        margin=0.5,
        scale="auto",
        sub_centers=3,
        detach=True,
        **kwargs,
    ):
        super().__init__(
            num_classes,
            margin=margin,
            scale=scale,
            sub_centers=sub_centers,
            detach=detach,
            **kwargs,
        )
