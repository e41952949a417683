import keras

from keras_sphereface.contract.arguments import check_flag
from keras_sphereface.heads.hyperparameter import Hyperparameter
from keras_sphereface.heads.margin_head import MarginHead
from keras_sphereface.ops import Margin


@keras.saving.register_keras_serializable(package="keras_sphereface")
class TargetMarginHead(MarginHead):
    """A margin of your own on the true class, given as a pure function.

    The function is saved with the model if it is registered by
    `keras.saving.register_keras_serializable`. For a margin that needs more
    than the cosine, write a `MarginHead`.

    Args:
        num_classes: int, number of identities.
        margin_function: callable `(cos_theta, *, margin)`, from the cosines to
            the true class, `(batch_size, 1)`, to the values in their place.
        margin: float, at least 0. Defaults to `0.35`.
        scale: float, above 0, what margined cosines are multiplied by; or
            `"auto"`, which goes by the number of classes; see `class_scale`.
            Defaults to `"auto"`.
        detach: bool, whether the backward pass sees `cos(theta)` in place of
            the margined value. Defaults to `False`.
        **kwargs: `sub_centers`, `name` and other arguments of
            `keras.layers.Layer`.

    `margin` and `scale` are hyperparameters: they are saved with the head and
    may be set while it trains, `head.margin = 0.5`.

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

    margin = Hyperparameter(at_least=0.0)
    scale = Hyperparameter(above=0.0, is_scale=True)

    def __init__(
        self,
        num_classes,
        margin_function,
        margin=0.35,
        scale="auto",
        detach=False,
        **kwargs,
    ):
        super().__init__(num_classes, **kwargs)
        if not callable(margin_function):
            raise ValueError(
                "`margin_function` must be a callable (cos_theta, *, margin). "
                f"Received: margin_function={margin_function!r}"
            )
        self.margin_function = margin_function
        self.margin = margin
        self.scale = scale
        self.detach = check_flag("detach", detach)

    def class_margin(self, norms, training):
        return Margin(
            lambda cos_target: self.margin_function(
                cos_target, margin=self.margin
            ),
            detach=self.detach,
        )

    def get_config(self):
        return {
            **super().get_config(),
            "detach": self.detach,
            "margin_function": keras.saving.serialize_keras_object(
                self.margin_function
            ),
        }

    @classmethod
    def from_config(cls, config):
        config = dict(config)
        config["margin_function"] = keras.saving.deserialize_keras_object(
            config["margin_function"]
        )
        return cls(**config)
