import numpy as np
from PIL import Image

from keras_sphereface.contract import list_images, read_image
from keras_sphereface.contract.arguments import check_sizes


class ResizedFaces:
    """A training set in memory, at another size than it is stored in.

    Crops of 112x112 are aligned at 64x64 too. Small ones train fast, which is
    what comparisons of many runs need.

    Args:
        faces: `EncodedFaces`, whose images all have its `image_size`.
        image_size: `(height, width)` in pixels.

    Attributes:
        labels: int32 array, `[len(self)]`, in `[0, num_classes)`.
        identities: list of str, the identity of each label.
        num_classes: int, number of identities.

    Example:

    ```python
    faces = ResizedFaces(ImageFolder("faces"), (64, 64))
    recognizer.fit(training_dataset(faces, batch_size=64))
    ```
    """

    def __init__(self, faces, image_size):
        self.image_size = _checked(image_size)
        images, self.labels = faces.load()
        self._images = resize_images(images, self.image_size)
        self.identities = faces.identities

    @property
    def num_classes(self):
        return len(self.identities)

    def __len__(self):
        return len(self.labels)

    def load(self):
        """All images.

        Returns:
            `(images, labels)`: uint8 `[len(self), height, width, 3]` and int32
            `[len(self)]`.
        """
        return self._images, self.labels


def resize_images(images, image_size):
    """Images at another size, smoothed where they shrink.

    Args:
        images: in any form of `contract.list_images`; pixels must be uint8.
        image_size: `(height, width)` in pixels.

    Returns:
        Uint8 array, `[num_images, *image_size, 3]`.
    """
    height, width = _checked(image_size)
    images = list_images("images", images)
    resized = np.empty((len(images), height, width, 3), np.uint8)
    for place, image in enumerate(images):
        picture = Image.fromarray(read_image(image))
        resized[place] = picture.resize(
            (width, height), Image.Resampling.BILINEAR
        )
    return resized


def _checked(image_size):
    return check_sizes(
        "image_size", image_size, length=2, reason="is (height, width), so it"
    )
