"""Face verification on the device, from one TFLite file."""

import numbers
import os

import numpy as np

from keras_sphereface.contract import (
    Manifest,
    ManifestError,
    cosine_similarity,
    flip_fusion,
    read_image,
    unit_embeddings,
)
from keras_sphereface.edge.engines import LiteRTEngine
from keras_sphereface.edge.verification import Verification

_SOURCES = (str, os.PathLike, bytes, bytearray, memoryview)


class FaceVerifier:
    """Tells whether two aligned face images show one person.

    Everything it has to know, the images it takes and the thresholds, it reads
    from the manifest in the file. TensorFlow and Keras are not loaded. One
    verifier may be shared between threads.

    Args:
        path: str or path of a `.tflite` file that `export_litert` wrote.
        threads: int, at least 1, or `None` for the runtime's own choice.
            Defaults to `None`.
        far: float, the false accept rate to work at, one of those in the
            manifest. Defaults to `None`, the lowest there is.
        flip: bool, whether an image is embedded together with its mirror
            image: steadier, at twice the time. Defaults to `None`, as the
            operating point was measured.

    Attributes:
        manifest: `contract.Manifest` of the file.

    Example:

    ```python
    verifier = FaceVerifier("face.tflite")
    verification = verifier.verify("a.png", "b.png")
    if verification.same:
        print(verification)
    ```
    """

    def __init__(
        self,
        path: str | os.PathLike,
        *,
        threads: int | None = None,
        far: float | None = None,
        flip: bool | None = None,
    ) -> None:
        self._engine = LiteRTEngine(path, threads)
        self.manifest = _read_manifest(self._engine, os.fspath(path))
        self._point = None
        if far is not None or self.manifest.operating_points:
            self._point = self.manifest.operating_point(far)
        if flip is None:
            flip = self._point is not None and self._point.flip
        self.flip = flip

    def embed(self, images) -> np.ndarray:
        """Embeds face images.

        Args:
            images: a path, the bytes of an image file, a uint8 or float array
                `[height, width, 3]` of RGB pixels in `[0, 255]`, a batch
                `[batch_size, height, width, 3]`, or a list of any of the
                first three.

        Returns:
            float32 array, `[batch_size, embedding_dim]`, rows of norm 1.

        Raises:
            ValueError: an image that cannot be read or has the wrong size, or
                one whose embedding is all zeros and so has no direction.
        """
        return self._embed(self._read(images))

    def verify(
        self, image_a, image_b, *, threshold: float | None = None
    ) -> Verification:
        """Decides whether two face images show one person.

        Args:
            image_a: one image, in any form that `embed` takes.
            image_b: one image.
            threshold: float in `[-1, 1]`, cosine similarity from which on the
                faces are the same person. Defaults to `None`, the threshold of
                the operating point.

        Returns:
            `Verification`.
        """
        if threshold is not None and not (
            isinstance(threshold, numbers.Real) and -1 <= threshold <= 1
        ):
            raise ValueError(
                "`threshold` is a cosine similarity and must be in [-1, 1]. "
                f"Received: threshold={threshold!r}"
            )
        if threshold is None and self._point is None:
            raise ValueError(
                "The file has no operating points, so `verify` needs a "
                "`threshold`. Pass one, or export the model with "
                "`operating_points=`. Received: threshold=None"
            )
        a, b = (
            self._embed(self._read_one(name, image), [f"`{name}`"])[0]
            for name, image in (("image_a", image_a), ("image_b", image_b))
        )
        score = float(cosine_similarity(a, b))
        if threshold is not None:
            threshold = float(threshold)
            return Verification(score, threshold, score >= threshold)
        return Verification(
            score=score,
            threshold=self._point.threshold,
            same=score >= self._point.threshold,
            far=self._point.far,
            data=self._point.data,
        )

    def _embed(self, batch, names=None):
        if self.flip:
            return flip_fusion(self._engine.embed, batch, names)
        return unit_embeddings(self._engine.embed(batch), names)

    def _read(self, images):
        if isinstance(images, _SOURCES):
            return read_image(images, self.manifest.input)[None]
        if isinstance(images, (list, tuple)) and images:
            return np.concatenate([self._read(image) for image in images])
        return self.manifest.input.check(images)

    def _read_one(self, name, image):
        batch = self._read(image)
        if len(batch) != 1:
            raise ValueError(
                f"`{name}` must be one image; compare batches with `embed` "
                "and `contract.cosine_similarity`. "
                f"Received: {len(batch)} images"
            )
        return batch


def _read_manifest(engine, name):
    if engine.manifest_text is None:
        raise ManifestError(
            "The TFLite file has no keras_sphereface manifest; `export_litert` "
            f"writes one. Received: path={name!r}"
        )
    manifest = Manifest.from_json(engine.manifest_text)
    claims = {
        "input": (manifest.input.shape, engine.input_shape),
        "embedding_dim": (manifest.embedding_dim, engine.embedding_dim),
    }
    for key, (claimed, found) in claims.items():
        if claimed != found:
            raise ManifestError(
                f"The manifest contradicts the model: `{key}` is {claimed}, "
                f"and the model has {found}. Received: path={name!r}"
            )
    return manifest
