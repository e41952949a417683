"""Classes shared out among devices."""

import keras
from keras import ops


class ClassParallel(keras.distribution.ModelParallel):
    """Class centers split over devices; everything else is on each of them.

    For the JAX backend and more classes than one device holds. Set it before
    the model is built. What the optimizer remembers of the centers is split
    as they are. Each device computes the logits of its own classes for the
    whole batch, so the batch is not split.

    Args:
        devices: list of device names. Defaults to `None`, all there are.

    Example:

    ```python
    keras.distribution.set_distribution(ClassParallel())
    recognizer = FaceRecognizer(embedder, SphereFaceRHead(1_000_000))
    ```
    """

    def __init__(self, devices=None):
        if keras.backend.backend() != "jax":
            raise ValueError(
                "ClassParallel needs the jax backend; set KERAS_BACKEND=jax "
                "before Keras is imported. "
                f"Received: backend={keras.backend.backend()!r}"
            )
        devices = devices or keras.distribution.list_devices()
        mesh = keras.distribution.DeviceMesh(
            (1, len(devices)), ["batch", "classes"], devices
        )
        layouts = keras.distribution.LayoutMap(mesh)
        layouts[".*centers"] = (None, "classes")
        super().__init__(layout_map=layouts, batch_dim_name="batch")
        self.class_shards = len(devices)


def count_class_shards():
    """Devices that the classes of a head built now are split over."""
    distribution = keras.distribution.distribution()
    return getattr(distribution, "class_shards", 1)


def pad_columns(matrix, padding):
    """`matrix` with so many columns of zeros after its own.

    Args:
        matrix: tensor, `(num_rows, num_columns, ...)`.
        padding: int, at least 0.

    Returns:
        Tensor, `(num_rows, num_columns + padding, ...)`.
    """
    if padding == 0:
        return matrix
    rest = [(0, 0)] * (len(matrix.shape) - 2)
    return ops.pad(matrix, [(0, 0), (0, padding), *rest])
