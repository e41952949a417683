import keras
import pytest

from keras_sphereface.data import (
    AdaFaceAugmentation,
    BalancedSampling,
    IdentitySampling,
    KerasAugmentation,
    RandomChoice,
)
from keras_sphereface.training import DataConfig
from keras_sphereface.training.batches import build_augmentation, build_sampling


def test_each_image_once_needs_no_sampling():
    assert build_sampling(DataConfig()) is None


@pytest.mark.parametrize(
    ("settings", "sampling", "name", "value"),
    [
        ({"sampling": "balanced"}, BalancedSampling, "min_images", 7),
        ({"sampling": "identity"}, IdentitySampling, "images_per_identity", 2),
    ],
)
def test_a_sampling_has_the_number_of_the_config(
    settings, sampling, name, value
):
    found = build_sampling(DataConfig(**settings, **{name: value}))
    assert isinstance(found, sampling)
    assert getattr(found, name) == value


def test_augmentations_come_in_the_order_of_the_config():
    assert build_augmentation(DataConfig()) == []
    names = ("randaugment", "erasing", "adaface")
    found = build_augmentation(DataConfig(augmentation=names))
    kinds = [RandomChoice, KerasAugmentation, AdaFaceAugmentation]
    assert [type(step) for step in found] == kinds
    assert isinstance(found[1].layer, keras.layers.RandomErasing)
    assert found[1].layer.value_range == (0, 255)
