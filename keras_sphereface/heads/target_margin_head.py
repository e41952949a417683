import keras

from keras_sphereface.heads.elementwise_margin import ElementwiseMargin
from keras_sphereface.heads.margin_head import MarginHead
from keras_sphereface.heads.setting import Setting


@keras.saving.register_keras_serializable(package="keras_sphereface")
class TargetMarginHead(MarginHead):
    """A margin on the true class, and a softmax over scaled cosines.

    The way to a margin of one's own: pass a pure function, or override
    `target_value`. A function is saved with the model if it is registered by
    `keras.saving.register_keras_serializable`.

    Args:
        num_classes: int, number of identities.
        margin_function: callable `(cos_theta, *, margin)`, from the cosines to
            the true class, `(batch_size, 1)`, to the values in their place.
            Defaults to `None`, for a subclass that has `target_value`.
        margin: float, at least 0. Defaults to `0.35`.
        scale: float, above 0, what margined cosines are multiplied by.
            Defaults to `64.0`.
        detach: bool, whether the backward pass sees `cos(theta)` in place of
            the margined value. Defaults to `False`.
        **kwargs: `sub_centers`, `name` and other arguments of
            `keras.layers.Layer`.

    `margin` and `scale` live in the head: they are saved with it and may be
    set while it trains, `head.margin = 0.5`.

    Call arguments:
        As `MarginHead`.

    Output shape:
        `(batch_size, num_classes)`, logits.

    Example:

    ```python
    @keras.saving.register_keras_serializable("my_project")
    def linear_margin(cos_theta, *, margin):
        return cos_theta - margin * (1 - cos_theta)

    head = TargetMarginHead(10572, linear_margin, margin=0.3, scale=30.0)
    ```
    """

    margin = Setting(at_least=0.0)
    scale = Setting(above=0.0)

    def __init__(
        self,
        num_classes,
        margin_function=None,
        margin=0.35,
        scale=64.0,
        detach=False,
        **kwargs,
    ):
        super().__init__(num_classes, **kwargs)
        has_formula = (
            type(self).target_value is not TargetMarginHead.target_value
            or type(self).elementwise_margin
            is not TargetMarginHead.elementwise_margin
            or type(self).apply_margin is not MarginHead.apply_margin
        )
        if not (callable(margin_function) or has_formula):
            raise ValueError(
                "`margin_function` must be a callable (cos_theta, *, margin), "
                "or a subclass must override `target_value`. "
                f"Received: margin_function={margin_function!r}"
            )
        self.margin_function = margin_function
        self.margin = margin
        self.scale = scale
        self.detach = detach

    def target_value(self, cos_target):
        """What stands in place of the cosine to the true class.

        Args:
            cos_target: float32, `(batch_size, 1)`.

        Returns:
            Float32 tensor, `(batch_size, 1)`.
        """
        return self.margin_function(cos_target, margin=self.margin)

    def elementwise_margin(self, norms, training):
        return ElementwiseMargin(self.target_value, detach=self.detach)

    def logit_scale(self, norms):
        return self.scale

    def get_config(self):
        config = {**super().get_config(), "detach": self.detach}
        if self.margin_function is not None:
            config["margin_function"] = keras.saving.serialize_keras_object(
                self.margin_function
            )
        return config

    @classmethod
    def from_config(cls, config):
        config = dict(config)
        function = config.get("margin_function")
        if function is not None:
            config["margin_function"] = keras.saving.deserialize_keras_object(
                function
            )
        return cls(**config)
