"""Face verification on the device, from one file."""

import os
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from keras_sphereface.contract import (
    QualityLimits,
    cosine_similarity,
    flip_fusion,
    unit_embeddings,
)
from keras_sphereface.contract.image_sources import Images
from keras_sphereface.contract.images import ImageSource
from keras_sphereface.edge.artifact_file import ArtifactFile
from keras_sphereface.edge.decision_rule import DecisionRule
from keras_sphereface.edge.detected_face import DetectedFace
from keras_sphereface.edge.engines import check_claims, open_engine, warm_up
from keras_sphereface.edge.gallery import Gallery
from keras_sphereface.edge.identification import Identification, identifications
from keras_sphereface.edge.model_identity import ModelIdentity
from keras_sphereface.edge.photo_reader import Detector, PhotoReader
from keras_sphereface.edge.quality_gate import (
    face_problems,
    refuse_poor_faces,
)
from keras_sphereface.edge.verification import Verification


class FaceVerifier:
    """Tells whether two faces are one person's, and whose a face is.

    Everything it has to know, the images it takes and the thresholds, it reads
    from the manifest in the file. TensorFlow and Keras are not loaded. One
    verifier may be shared between threads, and with processes that are forked.

    Args:
        path: str or path of a `.tflite` file that `export_litert` wrote, or an
            `.onnx` file of `export_onnx`.
        detector: `FaceDetector`, the path of a file for one, or a function from
            uint8 `[height, width, 3]` to a list of `DetectedFace`. An image of
            the size that the model takes is then an aligned crop as before,
            and any other a photograph, in which the most prominent face is
            meant (`choose_face`). Defaults to `None`: images are aligned
            crops, or come with their landmarks.
        threads: int, at least 1, processor threads per image, or `None` for the
            runtime's own choice. Defaults to `None`.
        far: float, the false accept rate to work at, one of those in the
            manifest. Defaults to `None`, the lowest that is steady, see
            `contract.default_operating_point`.
        flip: bool, whether an image is embedded together with its mirror
            image: steadier, at twice the time. Defaults to `None`, as the
            operating point was measured.
        quality: `contract.QualityLimits`, from where on a face is too poor to
            enrol. Defaults to `None`: those of the manifest, or else those of
            `QualityLimits()`.
        key: bytes, the secret of `seal_with_key`; a file that was not sealed
            with it is refused. Defaults to `None`: the checksum that every
            export has, which shows damage but not intent.

    Attributes:
        manifest: `contract.Manifest` of the file.
        model: `ModelIdentity`, for a `Gallery`.
        operating_point: `contract.OperatingPoint` that decides, or `None` if
            the file has none.
        drift: `ScoreDrift`, counts of the scores that `verify` gave, which
            warns where they are unlike those of the manifest; `None` where
            the manifest has no distribution of scores.
        quality: `contract.QualityLimits` that `enrol` keeps and other answers
            report by.

    Example:

    ```python
    verifier = FaceVerifier("face.tflite")
    verification = verifier.verify("a.png", "b.png")
    if verification.same:
        print(verification)

    verifier = FaceVerifier("face.tflite", detector="face_detection.tflite")
    verification = verifier.verify("ann_at_sea.jpg", "passport.jpg")
    print(verification, verification.face_a.box)

    gallery = Gallery(verifier.model)
    verifier.enrol(gallery, "Ann", ["ann_1.png", "ann_2.png"])
    for identification in verifier.identify_all("party.jpg", gallery):
        print(identification, identification.face.box)
    ```
    """

    def __init__(
        self,
        path: str | os.PathLike,
        *,
        detector: Detector | None = None,
        threads: int | None = None,
        far: float | None = None,
        flip: bool | None = None,
        quality: QualityLimits | None = None,
        key: bytes | None = None,
    ) -> None:
        artifact = ArtifactFile.read(path)
        # What the file says of itself is checked before it runs.
        self.manifest = artifact.manifest(key)
        self._engine = open_engine(artifact, threads)
        check_claims(self.manifest, self._engine, artifact.name)
        self._photos = PhotoReader(
            self.manifest.input, self.manifest.alignment, detector, threads
        )
        self._rule = DecisionRule(self.manifest, far, flip)
        self.operating_point = self._rule.operating_point
        self.flip, self.drift = self._rule.flip, self._rule.drift
        self.model = ModelIdentity.of_manifest(self.manifest, flip=self.flip)
        quality = self.manifest.quality if quality is None else quality
        if quality is not None and not isinstance(quality, QualityLimits):
            raise ValueError(
                "`quality` must be contract.QualityLimits. "
                f"Received: quality={quality!r}"
            )
        self.quality = QualityLimits() if quality is None else quality

    def warm_up(self) -> None:
        """Runs the model once, so that the first face does not wait."""
        warm_up(self._engine)

    def embed(
        self, images: Images, *, landmarks: npt.ArrayLike | None = None
    ) -> np.ndarray:
        """Embeds face images.

        Args:
            images: a path, the bytes of an image file, a uint8 or float array
                `[height, width, 3]` of RGB pixels in `[0, 255]`, or several
                of them in any form of `contract.list_images`: a batch
                `[batch_size, height, width, 3]`, a list, a folder or a data
                set.
            landmarks: `[5, 2]` in one photograph of any size, uint8 if it is
                an array, or `[batch_size, 5, 2]` in several: x and y in pixels
                of left eye, right eye, nose, left and right corner of the
                mouth, left and right as seen in the picture. The faces are
                then cut out as those of the training. Defaults to `None`: the
                images are aligned crops, or the detector finds the faces.

        Returns:
            float32 array, `[batch_size, embedding_dim]`, rows of norm 1.

        Raises:
            ValueError: an image that cannot be read or has the wrong size, or
                one whose embedding is all zeros and so has no direction.
            NoFaceError: a photograph in which the detector finds no face.
        """
        return self._embed(self._photos.read("images", images, landmarks).batch)

    def embed_all(
        self, photo: ImageSource
    ) -> tuple[np.ndarray, tuple[DetectedFace, ...]]:
        """Embeds every face of one photograph.

        Args:
            photo: a path, the bytes of an image file, or uint8 pixels `[height,
                width, 3]`, of any size.

        Returns:
            `(embeddings, faces)`: float32, `[num_faces, embedding_dim]`, rows
            of norm 1, and the `DetectedFace` of each; none without a face.
        """
        batch, faces = self._photos.read_all("photo", photo)
        found = tuple(face for face in faces if face is not None)
        if not len(batch):
            dim = self._engine.embedding_dim
            return np.zeros((0, dim), np.float32), found
        return self._embed(batch), found

    def verify(
        self,
        image_a: Images,
        image_b: Images,
        *,
        threshold: float | None = None,
        landmarks_a: npt.ArrayLike | None = None,
        landmarks_b: npt.ArrayLike | None = None,
    ) -> Verification:
        """Decides whether two face images show one person.

        Args:
            image_a: one image, in any form that `embed` takes.
            image_b: one image.
            threshold: float in `[-1, 1]`, cosine similarity from which on the
                faces are the same person. Defaults to `None`, the threshold of
                the operating point.
            landmarks_a: `[5, 2]`, if `image_a` is a photograph and no aligned
                crop. Defaults to `None`: what a detector finds.
            landmarks_b: `[5, 2]`, the same for `image_b`.

        Returns:
            `Verification`.
        """
        rule = self._rule.of(threshold)
        a = self._embed_one("image_a", image_a, landmarks_a)
        b = self._embed_one("image_b", image_b, landmarks_b)
        score = float(cosine_similarity(a.embedding, b.embedding)[0])
        return Verification(
            score=score,
            same=score >= rule["threshold"],
            face_a=a.face,
            face_b=b.face,
            problems_a=a.problems,
            problems_b=b.problems,
            probability=self._rule.see(score),
            **rule,
        )

    def enrol(
        self,
        gallery: Gallery,
        name: str,
        images: Images,
        *,
        landmarks: npt.ArrayLike | None = None,
        check_quality: bool = True,
    ) -> tuple[DetectedFace | None, ...]:
        """Adds faces of one person to a gallery.

        A poor picture makes a poor memory, so those that are blurred, dark,
        small or turned are refused, and then none is added.

        Args:
            gallery: `Gallery` of this model.
            name: str, who it is; somebody already there gets more crops.
            images: one image or several, in any form that `embed` takes.
            landmarks: as in `embed`. Defaults to `None`.
            check_quality: bool, whether poor faces are refused. Defaults to
                `True`.

        Returns:
            Tuple, per image the `DetectedFace` that was enrolled, or `None` of
            an aligned crop and of given landmarks.

        Raises:
            PoorFaceError: a face is worse than `quality` allows; the message
                names the image and says what is wrong with it.
        """
        gallery.check_model(self.model)
        batch, faces = self._photos.read("images", images, landmarks)
        if check_quality:
            refuse_poor_faces(
                face_problems(self.quality, batch, faces, landmarks)
            )
        gallery.enrol(name, self._embed(batch))
        return faces

    def identify(
        self,
        image: Images,
        gallery: Gallery,
        *,
        k: int = 1,
        threshold: float | None = None,
        pooling: str = "max",
        landmarks: npt.ArrayLike | None = None,
    ) -> Identification:
        """Finds out who a face belongs to, if it is anyone in the gallery.

        Args:
            image: one image, in any form that `embed` takes.
            gallery: `Gallery` of this model.
            k: int, at least 1, how many candidates to return. Defaults to `1`.
            threshold: float in `[-1, 1]`, the score from which on the best
                candidate is named. Defaults to `None`, the threshold of the
                operating point, which is that of a single comparison: see
                `Identification.false_alarm_rate`.
            pooling: `"max"` or `"mean"`, see `Gallery.search`. Defaults to
                `"max"`.
            landmarks: `[5, 2]`, if the image is a photograph and no aligned
                crop. Defaults to `None`.

        Returns:
            `Identification`.
        """
        rule = self._rule.of(threshold)
        gallery.check_model(self.model)
        probe = self._embed_one("image", image, landmarks)
        found = gallery.search(probe.embedding, k=k, pooling=pooling)
        [answer] = identifications(found, [probe.face], [probe.problems], rule)
        return answer

    def identify_all(
        self,
        photo: ImageSource,
        gallery: Gallery,
        *,
        k: int = 1,
        threshold: float | None = None,
        pooling: str = "max",
    ) -> list[Identification]:
        """Finds out who everybody in a photograph is.

        Args:
            photo: as in `embed_all`.
            gallery: `Gallery` of this model.
            k: as in `identify`. Defaults to `1`.
            threshold: as in `identify`. Defaults to `None`.
            pooling: as in `identify`. Defaults to `"max"`.

        Returns:
            List of `Identification`, each with its `face`; empty without one.
        """
        rule = self._rule.of(threshold)
        gallery.check_model(self.model)
        batch, faces = self._photos.read_all("photo", photo)
        if not faces:
            return []
        found = gallery.search(self._embed(batch), k=k, pooling=pooling)
        problems = face_problems(self.quality, batch, faces)
        return identifications(found, faces, problems, rule)

    def _embed(
        self, batch: np.ndarray, names: Sequence[str] | None = None
    ) -> np.ndarray:
        if self.flip:
            return flip_fusion(self._engine.embed, batch, names)
        return unit_embeddings(self._engine.embed(batch), names)

    def _embed_one(
        self, name: str, image: Images, landmarks: npt.ArrayLike | None
    ) -> "_Probe":
        batch, faces = self._photos.read(name, image, landmarks)
        if len(batch) != 1:
            raise ValueError(
                f"`{name}` must be one image; compare batches with `embed` "
                "and `contract.cosine_similarity`, or search a gallery with "
                f"`Gallery.search`. Received: {len(batch)} images"
            )
        [problems] = face_problems(self.quality, batch, faces, landmarks)
        return _Probe(self._embed(batch, [f"`{name}`"]), faces[0], problems)


class _Probe(NamedTuple):
    """One face: what the model says of it, and what is known besides."""

    embedding: np.ndarray
    face: DetectedFace | None
    problems: tuple[str, ...]
