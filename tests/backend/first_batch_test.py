"""The first batch is looked at, whatever brings it."""

import keras
import numpy as np
import pytest

from keras_sphereface import heads
from keras_sphereface.backend.first_batch import with_first_images_checked
from keras_sphereface.models import FaceRecognizer, build_embedding_model

random = np.random.default_rng(0)
X = random.uniform(0, 255, size=(8, 16, 16, 3)).astype("float32")
Y = np.arange(8, dtype="int32") % 4


class Batches(keras.utils.PyDataset):
    def __init__(self, x):
        super().__init__()
        self.x = x

    def __len__(self):
        return 2

    def __getitem__(self, index):
        return self.x[4 * index : 4 * index + 4], Y[:4]


def generate(x):
    yield from Batches(x)


def dataset(x):
    tf = pytest.importorskip("tensorflow")
    return tf.data.Dataset.from_tensor_slices((x, Y)).batch(4)


def images_alone(x):
    return dataset(x).map(lambda images, labels: images)


def read(data):
    if isinstance(data, np.ndarray):
        return [data]
    return list(data)


@pytest.mark.parametrize(
    "bring", [np.array, Batches, generate, dataset, images_alone]
)
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda x: x, None),
        (lambda x: 1.1 * x - 20, None),
        (lambda x: x / 255, "multiply by 255. Received: images "),
        (lambda x: x / 127.5 - 1, "scaled to .-1, 1.; the model does that"),
        (lambda x: (x - 128) / 50, "looks standardized"),
        (lambda x: (x - 40) / 60, "looks standardized"),
        (lambda x: x * 9, r"pixels in \[0, 255\]. Received: images"),
        (lambda x: x - 999, r"pixels in \[0, 255\]. Received: images"),
        (lambda x: np.where(x > 250, np.nan, x), "`images` must be finite"),
    ],
)
def test_every_source_is_looked_at(bring, change, message):
    x = change(X).astype("float32")
    if message is None:
        found = read(with_first_images_checked(bring(x)))
        expected = read(bring(x))
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            one = one[0] if isinstance(one, tuple) else one
            other = other[0] if isinstance(other, tuple) else other
            np.testing.assert_array_equal(one, other)
    else:
        with pytest.raises(Exception, match=message):
            read(with_first_images_checked(bring(x)))


def test_only_the_first_batch_is_looked_at():
    x = X.copy()
    x[4:] /= 255
    for bring in (Batches, generate, dataset):
        assert len(read(with_first_images_checked(bring(x)))) == 2
    data = dataset(x)
    assert with_first_images_checked(data).cardinality() == 2


def test_what_are_no_images_is_left_alone():
    x = random.uniform(size=(8, 3)).astype("float32")
    for data in (x, None, [x], dataset(x)):
        assert with_first_images_checked(data) is data


def test_a_recognizer_refuses_images_that_its_embedder_would_scale_again():
    embedder = build_embedding_model(
        "mobilefacenet_small", embedding_dim=4, image_size=(16, 16)
    )
    recognizer = FaceRecognizer(embedder, heads.get("cosface", 4))
    recognizer.compile("sgd")
    for use in (
        lambda x: recognizer.fit(x, Y, verbose=0),
        lambda x: recognizer.evaluate(x, Y, verbose=0),
        lambda x: recognizer.predict(x, verbose=0),
    ):
        with pytest.raises(ValueError, match="multiply by 255"):
            use(X / 255)
    own = build_embedding_model(
        keras.Sequential([keras.Input((16, 16, 3)), keras.layers.Conv2D(2, 3)]),
        embedding_dim=4,
        image_size=(16, 16),
        scale_pixels=False,
    )
    recognizer = FaceRecognizer(own, heads.get("cosface", 4))
    assert recognizer.predict(X / 255, verbose=0).shape == (8, 4)
