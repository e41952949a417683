from collections.abc import Callable
from typing import NamedTuple

from keras_sphereface.ops import (
    detach_characteristic,
    elementwise_margins,
)


class ElementwiseMargin(NamedTuple):
    """A margin that looks at one cosine at a time.

    Such a head need not have all cosines at once, and so may stream over its
    classes or sample them.

    Attributes:
        target: callable from the cosines to the true class, `(batch_size,
            1)`, to values of the same shape; `None` leaves them.
        others: callable from cosines to values, element by element and
            rising, for the other classes; `None` leaves them.
        detach: bool, whether the backward pass sees the cosines instead.
    """

    target: Callable | None = None
    others: Callable | None = None
    detach: bool = False

    def apply(self, cos_theta, labels):
        """Cosines of all classes with the margin in place.

        Args:
            cos_theta: float32, `(batch_size, num_classes)`.
            labels: int32, `(batch_size,)`.

        Returns:
            Float32 tensor, `(batch_size, num_classes)`.
        """
        return elementwise_margins(cos_theta, labels, **self._asdict())

    def target_values(self, cos_target):
        """Values in place of the cosines to the true class.

        Args:
            cos_target: float32, `(batch_size, 1)`.

        Returns:
            Float32 tensor, `(batch_size, 1)`.
        """
        if self.target is None:
            return cos_target
        values = self.target(cos_target)
        if self.detach:
            values = detach_characteristic(values, cos_target)
        return values

    def other_values(self, cos_theta):
        """Values in place of the cosines to the other classes.

        Args:
            cos_theta: float32 tensor, any shape.

        Returns:
            Float32 tensor, like `cos_theta`.
        """
        return cos_theta if self.others is None else self.others(cos_theta)
