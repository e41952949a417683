"""The order and the augmentation that a config asks for, by name."""

import keras

from keras_sphereface.data import (
    AdaFaceAugmentation,
    BalancedSampling,
    IdentitySampling,
    KerasAugmentation,
    RandomChoice,
)


def build_sampling(config):
    """How the images of a batch are drawn.

    Args:
        config: `DataConfig`.

    Returns:
        A sampling for `training_dataset`; `None` takes each image once.
    """
    if config.sampling == "balanced":
        return BalancedSampling(config.min_images)
    if config.sampling == "identity":
        return IdentitySampling(config.images_per_identity)
    return None


def build_augmentation(config):
    """The steps between the flip and the batch.

    Args:
        config: `DataConfig`.

    Returns:
        List of augmentations for `training_dataset`.
    """
    return [_build(name) for name in config.augmentation]


def _build(name):
    if name == "adaface":
        return AdaFaceAugmentation()
    if name == "erasing":
        return KerasAugmentation(
            keras.layers.RandomErasing(
                factor=0.5, scale=(0.02, 0.2), value_range=(0, 255)
            )
        )
    return RandomChoice.rand_augment()
