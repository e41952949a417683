"""Comparing an artifact with its Keras model before it gets its name."""

import os
from pathlib import Path
from typing import Any

import keras
import numpy as np

from keras_sphereface.contract import Manifest, unit_embeddings
from keras_sphereface.contract.image_sources import Images
from keras_sphereface.edge import replace_manifest
from keras_sphereface.evaluation import PairSet
from keras_sphereface.export.artifact import open_embedder
from keras_sphereface.export.export_error import ExportError
from keras_sphereface.export.export_report import ExportReport
from keras_sphereface.export.own_thresholds import measure_again
from keras_sphereface.export.parity import (
    compare_embeddings,
    compare_on_pairs,
    exceeded_bounds,
    keras_embeddings,
    median_latency,
    probe_images,
)
from keras_sphereface.export.representative_images import gather_images

_CALIBRATION_IMAGES = 64


class ParityCheck:
    """What an artifact is compared on, and what Keras says to it.

    Args:
        embedder: `keras.Model` that is exported, in float32.
        manifest: `contract.Manifest` of the artifact.
        faces: images in any form of `gather_images`, or `None`. Defaults to
            `None`: some of the calibration, else images of noise.
        calibration: array `[num_images, height, width, 3]`, or `None`.
            Defaults to `None`.
        pairs: `PairSet`, or `None`; the artifact's thresholds are measured on
            it. Defaults to `None`.
    """

    def __init__(
        self,
        embedder: keras.Model,
        manifest: Manifest,
        *,
        faces: Images | None = None,
        calibration: np.ndarray | None = None,
        pairs: PairSet | None = None,
    ) -> None:
        self._embedder = embedder
        self._manifest = manifest
        self._pairs = pairs
        if faces is not None:
            self._origin = "faces"
            self._images = gather_images(faces, manifest.input, "faces")
        elif calibration is not None:
            self._origin = "images of the calibration"
            count = min(_CALIBRATION_IMAGES, len(calibration))
            index = np.linspace(0, len(calibration) - 1, count).astype(int)
            self._images = calibration[index]
        else:
            self._origin = "images of noise"
            self._images = probe_images(manifest.input)
        self._expected = keras_embeddings(embedder, self._images)

    def report(
        self,
        artifact: str | os.PathLike,
        path: str | os.PathLike,
        *,
        force: bool = False,
        **details: Any,
    ) -> ExportReport:
        """Opens the artifact as a device would, and compares.

        With pairs its thresholds are measured on its own scores, and are those
        in the manifest from then on.

        Args:
            artifact: path of the finished artifact, under whatever name.
            path: str or path, the name it will have.
            force: bool, whether an artifact that differs too much is a warning
                in the report, not an error. Defaults to `False`.
            **details: other fields of the report.

        Returns:
            `ExportReport`.
        """
        embed = open_embedder(artifact)
        found = unit_embeddings(
            np.concatenate([embed(image[None]) for image in self._images])
        )
        measures = compare_embeddings(self._expected, found)
        pairs = None
        if self._pairs is not None:
            pairs = compare_on_pairs(self._embedder, embed, self._pairs)
        quantization = self._manifest.quantization
        exceeded = exceeded_bounds(quantization, measures, pairs)
        if exceeded and not force:
            raise ExportError(
                f"The {quantization} artifact does not equal its Keras "
                f"model: {'; '.join(exceeded)}. It was not written; "
                "`force=True` writes it anyway."
            )
        if self._pairs is not None:
            measured = measure_again(self._manifest, embed, self._pairs)
            replace_manifest(artifact, measured)
        return ExportReport(
            path=os.fspath(path),
            quantization=quantization,
            size_bytes=_size(Path(artifact)),
            images=len(self._images),
            images_from=self._origin,
            latency_ms=median_latency(embed, self._images[0]),
            exceeded=tuple(exceeded),
            pairs=pairs,
            worst_cosine=measures["worst_cosine"],
            mean_cosine=measures["mean_cosine"],
            score_error=measures["score_error"],
            **details,
        )


def _size(path: Path) -> int:
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file())
