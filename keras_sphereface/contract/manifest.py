"""What an exported model says about itself, so that a device guesses nothing.

An artifact carries its manifest as JSON text: the image it wants, what it
returns, and the thresholds at which it was measured.
"""

import json
import math
import re
from collections.abc import Sequence
from dataclasses import KW_ONLY, asdict, dataclass, field, fields
from typing import Any

from keras_sphereface.contract.alignment import template_for
from keras_sphereface.contract.face_input import FaceInput
from keras_sphereface.contract.face_quality import QualityLimits
from keras_sphereface.contract.manifest_parts import (
    ADDED_PARTS,
    read_added_parts,
    read_points,
)
from keras_sphereface.contract.operating_point import (
    OperatingPoint,
    default_operating_point,
)
from keras_sphereface.contract.score_calibration import Calibration
from keras_sphereface.contract.score_histogram import ScoreHistogram
from keras_sphereface.contract.strict_json import check_keys, read_strictly
from keras_sphereface.files import NO_CHECKSUM

FORMAT_VERSION = 1
# Where an artifact keeps its manifest, and the functions it offers.
MANIFEST_NAME = "keras_sphereface.manifest"
MANIFEST_FILE = "manifest.json"  # beside a SavedModel
SIGNATURE = "embed"
VERIFY_SIGNATURE = "verify"
QUANTIZATIONS = ("float32", "float16", "dynamic", "int8", "int16x8")
_OPTIONAL = {*ADDED_PARTS, "model_checksum"}


class ManifestError(ValueError):
    """A manifest that is damaged or of another version."""


@dataclass(frozen=True)
class Manifest:
    """Everything a device must know to use an exported embedder.

    Args:
        input: `FaceInput`, the images the model wants.
        embedding_dim: int, at least 1.
        operating_points: tuple of `OperatingPoint`, one per false accept rate;
            may be empty.
        similarity: str, always `"cosine"`.
        unit_embeddings: bool, whether the model returns rows of norm 1.
            Defaults to `True`.
        quantization: one of `"float32"`, `"float16"`, `"dynamic"`, `"int8"`,
            `"int16x8"`. Defaults to `"float32"`.
        alignment: five `(x, y)`, where the eyes, the nose and the corners of
            the mouth lie in an image the model wants, in pixels. Defaults to
            `None`, those of `template_for` at the size of the input.
        training: dict of JSON values, how the model came to be: head, data,
            and so on. Defaults to `{}`.
        calibration: `Calibration` of the scores the operating points were
            measured on. Defaults to `None`, not known.
        histogram: `ScoreHistogram` of the same scores. Defaults to `None`.
        quality: `QualityLimits`, from where on faces are unlike those it was
            measured on. Defaults to `None`, not known.
        model_checksum: str, the checksum before the thresholds were measured
            again, by which galleries know the model. Defaults to `None`: they
            were not.
        checksum: str, 64 hexadecimal digits that `seal` or `folder_checksum`
            fills in; zeros are none. Defaults to zeros.
        package_version: str, version of the exporting package.
        format_version: int, always `1`.
    """

    input: FaceInput
    embedding_dim: int
    operating_points: tuple[OperatingPoint, ...] = ()
    _: KW_ONLY
    similarity: str = "cosine"
    unit_embeddings: bool = True
    quantization: str = "float32"
    alignment: tuple[tuple[float, float], ...] | None = None
    training: dict[str, Any] = field(default_factory=dict)
    calibration: Calibration | None = None
    histogram: ScoreHistogram | None = None
    quality: QualityLimits | None = None
    model_checksum: str | None = None
    checksum: str = NO_CHECKSUM
    package_version: str
    format_version: int = FORMAT_VERSION

    def __post_init__(self) -> None:
        if type(self.format_version) is not int or (
            self.format_version != FORMAT_VERSION
        ):
            raise ManifestError(
                f"`format_version` must be {FORMAT_VERSION}, the one this "
                "package reads. "
                f"Received: format_version={self.format_version!r}"
            )
        self._require("input", isinstance(self.input, FaceInput), "a FaceInput")
        self._require(
            "embedding_dim",
            type(self.embedding_dim) is int and self.embedding_dim >= 1,
            "a positive int",
        )
        self._require(
            "operating_points",
            isinstance(self.operating_points, (tuple, list))
            and all(
                isinstance(point, OperatingPoint)
                for point in self.operating_points
            ),
            "a tuple of OperatingPoint",
        )
        points = tuple(self.operating_points)
        object.__setattr__(self, "operating_points", points)
        fars = [point.far for point in points]
        self._require(
            "operating_points",
            len(set(fars)) == len(fars),
            "one for each false accept rate, not two",
        )
        self._require("similarity", self.similarity == "cosine", '"cosine"')
        self._require(
            "unit_embeddings", isinstance(self.unit_embeddings, bool), "a bool"
        )
        self._require(
            "quantization",
            self.quantization in QUANTIZATIONS,
            f"one of {list(QUANTIZATIONS)}",
        )
        self._require(
            "package_version",
            isinstance(self.package_version, str) and self.package_version,
            "a str such as '0.1.0'",
        )
        self._require(
            "checksum", _is_checksum(self.checksum), "64 hexadecimal digits"
        )
        self._require(
            "model_checksum",
            self.model_checksum is None or _is_checksum(self.model_checksum),
            "64 hexadecimal digits or None",
        )
        for name, kind in ADDED_PARTS.items():
            value = getattr(self, name)
            self._require(
                name,
                value is None or isinstance(value, kind),
                f"a {kind.__name__} or None",
            )
        object.__setattr__(self, "alignment", self._plain_alignment())
        object.__setattr__(self, "training", self._plain_training())

    def _plain_alignment(self) -> tuple[tuple[float, float], ...]:
        """Five pairs of floats; the usual ones if there are none."""
        points: Sequence[Sequence[float]] | None = self.alignment
        if points is None:
            template = template_for(self.input.height, self.input.width)
            # Four digits, as the template is published.
            points = [[round(float(v), 4) for v in row] for row in template]
        self._require(
            "alignment",
            isinstance(points, (tuple, list))
            and len(points) == 5
            and all(
                isinstance(point, (tuple, list))
                and len(point) == 2
                and all(
                    type(value) in (int, float) and math.isfinite(value)
                    for value in point
                )
                for point in points
            ),
            "five points (x, y) in pixels",
        )
        return tuple((float(x), float(y)) for x, y in points)

    def _plain_training(self) -> dict[str, Any]:
        """A copy in JSON's own types, so that a round trip changes nothing."""
        self._require("training", isinstance(self.training, dict), "a dict")
        try:
            return json.loads(json.dumps(self.training, allow_nan=False))
        except (TypeError, ValueError) as error:
            raise ManifestError(
                "`training` must hold JSON values only: str, numbers that are "
                f"finite, bool, None, lists, dicts ({error}). "
                f"Received: training={self.training!r}"
            ) from error

    def _require(self, name: str, condition: object, expected: str) -> None:
        if not condition:
            raise ManifestError(
                f"`{name}` must be {expected}. "
                f"Received: {name}={getattr(self, name)!r}"
            )

    def operating_point(self, far: float | None = None) -> OperatingPoint:
        """The threshold to use.

        Args:
            far: float, one of the false accept rates in the manifest. Defaults
                to `None`, as `default_operating_point` chooses: the strictest
                that is steady.

        Returns:
            `OperatingPoint`.
        """
        if not self.operating_points:
            raise ValueError(
                "The manifest has no operating points; export the model with "
                f"`operating_points=`. Received: far={far!r}"
            )
        if far is None:
            return default_operating_point(self.operating_points)
        for point in self.operating_points:
            if math.isclose(point.far, far, rel_tol=1e-9):
                return point
        raise ValueError(
            "`far` must be a rate at which the model was measured: "
            f"{sorted(point.far for point in self.operating_points)}. "
            f"Received: far={far!r}"
        )

    def to_json(self) -> str:
        """The manifest as JSON text, the same text every time."""
        content = {
            **{item.name: getattr(self, item.name) for item in fields(self)},
            "input": self.input.to_dict(),
            "operating_points": [asdict(p) for p in self.operating_points],
        }
        for name in ADDED_PARTS:
            value = getattr(self, name)
            content[name] = None if value is None else value.to_dict()
        return json.dumps(content, indent=2, allow_nan=False)

    @classmethod
    def from_json(cls, text: str | bytes) -> "Manifest":
        """Rebuilds what `to_json` wrote, strictly.

        Args:
            text: str or UTF-8 bytes.

        Returns:
            `Manifest`.

        Raises:
            ManifestError: no JSON, a missing or unknown key, a value of a
                wrong type, another `format_version`.
        """
        if not isinstance(text, (str, bytes)):
            raise ManifestError(
                "The manifest must be a str or bytes. "
                f"Received: text of type {type(text).__name__}"
            )
        try:
            content = read_strictly(text)
        except (ValueError, RecursionError) as error:
            raise ManifestError(
                f"The manifest is not valid JSON ({error}). "
                f"Received: {text[:80]!r}"
            ) from error
        # A file of another version may well have other keys: say that first.
        if isinstance(content, dict) and "format_version" in content:
            version = content["format_version"]
            if type(version) is not int or version != FORMAT_VERSION:
                raise ManifestError(
                    f"`format_version` must be {FORMAT_VERSION}, the one this "
                    f"package reads. Received: format_version={version!r}"
                )
        try:
            check_keys("The manifest", content, fields(Manifest), _OPTIONAL)
            return cls(
                **{
                    **content,
                    "input": FaceInput.from_dict(content["input"]),
                    "operating_points": read_points(
                        content["operating_points"]
                    ),
                    **read_added_parts(content),
                }
            )
        except ManifestError:
            raise
        except ValueError as error:
            raise ManifestError(f"The manifest is damaged: {error}") from error


def _is_checksum(value: object) -> bool:
    return (
        isinstance(value, str)
        and re.fullmatch("[0-9a-f]{64}", value) is not None
    )
