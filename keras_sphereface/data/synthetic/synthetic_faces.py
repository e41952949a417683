"""A face set without image files: every image is drawn when asked for."""

import operator
from functools import lru_cache

import numpy as np

from keras_sphereface.contract.arguments import check_integer, check_sizes
from keras_sphereface.data.synthetic.face_drawing import draw_face
from keras_sphereface.data.synthetic.face_identity import FaceIdentity
from keras_sphereface.data.synthetic.face_view import FaceView

# First words of the seeds, so that identities and views never share numbers.
_IDENTITY_STREAM, _VIEW_STREAM = 1, 2


class SyntheticFaces:
    """Drawn, aligned faces of people who do not exist.

    An identity is a draw of face shape, features, hair and marks
    (`FaceIdentity`); each of its images adds another pose, expression, light,
    cover and camera (`FaceView`). Colors of skin and hair drown in the light
    and the camera's casts, so that pixels and untrained networks tell people
    apart barely better than chance, and a network trained for a few minutes
    does well on identities it has not seen. Use it for examples, tests and
    benchmarks that must run anywhere; it says nothing about real faces.

    An image depends on `seed`, the identity and its index only: not on the
    size of the set, the order of drawing or the process. Identities are
    numbered from `first_identity` on, so sets whose number ranges are apart
    share nobody.

    Args:
        num_identities: int, at least 1.
        images_per_identity: int, at least 1.
        seed: int, at least 0. Other seeds are other people. Defaults to `0`.
        first_identity: int, at least 0. Defaults to `0`.
        image_size: `(height, width)` in pixels. Defaults to `(112, 112)`.

    Example:

    ```python
    train = SyntheticFaces(200, 20)
    unseen = SyntheticFaces(50, 10, first_identity=200)
    images, labels = train.load()  # [4000, 112, 112, 3], [4000]
    ```
    """

    def __init__(
        self,
        num_identities,
        images_per_identity,
        seed=0,
        first_identity=0,
        image_size=(112, 112),
    ):
        self.num_identities = check_integer(
            "num_identities", num_identities, at_least=1
        )
        self.images_per_identity = check_integer(
            "images_per_identity", images_per_identity, at_least=1
        )
        self.seed = check_integer("seed", seed, at_least=0)
        self.first_identity = check_integer(
            "first_identity", first_identity, at_least=0
        )
        self.image_size = check_sizes(
            "image_size",
            image_size,
            at_least=16,
            length=2,
            reason="is (height, width), so it",
        )

    @property
    def num_classes(self):
        return self.num_identities

    def __len__(self):
        return self.num_identities * self.images_per_identity

    def identity_parameters(self, identity):
        """The `FaceIdentity` of an identity.

        Args:
            identity: int in `[0, num_identities)`.
        """
        identity = self._checked("identity", identity, self.num_identities)
        return _identity(self.seed, self.first_identity + identity)

    def draw(self, identity, index):
        """One image.

        Args:
            identity: int in `[0, num_identities)`, also its label.
            index: int in `[0, images_per_identity)`.

        Returns:
            Uint8 `[height, width, 3]`, RGB.
        """
        parameters = self.identity_parameters(identity)
        index = self._checked("index", index, self.images_per_identity)
        number = self.first_identity + operator.index(identity)
        view = FaceView.sample(_rng(self.seed, _VIEW_STREAM, number, index))
        return draw_face(parameters, view, *self.image_size)

    def load(self):
        """All images, identity after identity.

        Returns:
            `(images, labels)`: uint8 `[len(self), height, width, 3]` and
            int32 `[len(self)]` in `[0, num_classes)`.
        """
        images = np.empty((len(self), *self.image_size, 3), np.uint8)
        identities = np.arange(self.num_identities, dtype=np.int32)
        labels = identities.repeat(self.images_per_identity)
        # One thread: the drawing is many small steps that hold the GIL.
        for place in range(len(self)):
            identity, index = divmod(place, self.images_per_identity)
            images[place] = self.draw(identity, index)
        return images, labels

    def _checked(self, name, value, size):
        value = check_integer(name, value, at_least=0)
        if value >= size:
            raise IndexError(
                f"`{name}` must be below {size}. Received: {name}={value}"
            )
        return value


@lru_cache(maxsize=256)
def _identity(seed, number):
    return FaceIdentity.sample(_rng(seed, _IDENTITY_STREAM, number))


def _rng(*numbers):
    return np.random.default_rng(np.random.SeedSequence(numbers))
