"""The manifest of an artifact, from what training and evaluation know."""

import json
import os
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, Protocol

import keras

import keras_sphereface
from keras_sphereface.contract import Manifest, OperatingPoint
from keras_sphereface.export.embedder import describe_input


class Report(Protocol):
    """What has measured operating points, such as a `VerificationReport`."""

    @property
    def operating_points(self) -> Sequence[OperatingPoint]: ...


OperatingPoints = Sequence[OperatingPoint] | Report


def build_manifest(
    embedder: keras.Model,
    *,
    quantization: str,
    operating_points: OperatingPoints | None,
    training: dict[str, Any] | None,
    input_dtype: str = "float32",
) -> Manifest:
    """Describes an artifact.

    Args:
        embedder: `keras.Model` that is exported.
        quantization: str, one of `contract.QUANTIZATIONS`.
        operating_points: sequence of `contract.OperatingPoint`, an object with
            such `.operating_points`, or `None`.
        training: dict of JSON values, or `None`.
        input_dtype: str, see `contract.FaceInput`. Defaults to `"float32"`.

    Returns:
        `contract.Manifest`.
    """
    if training is not None and not isinstance(training, dict):
        raise ValueError(
            "`training` must be a dict of JSON values or None. "
            f"Received: training={training!r}"
        )
    return Manifest(
        input=replace(describe_input(embedder), dtype=input_dtype),
        embedding_dim=embedder.outputs[0].shape[1],
        operating_points=_as_points(operating_points),
        unit_embeddings=True,
        quantization=quantization,
        training=training or {},
        package_version=keras_sphereface.__version__,
    )


def read_operating_points(
    report_path: str | os.PathLike,
) -> tuple[OperatingPoint, ...]:
    """Reads the operating points a run measured.

    Args:
        report_path: str or path of a `report.json` with the key
            `operating_points`, a list of `contract.OperatingPoint` as dicts.

    Returns:
        Tuple of `contract.OperatingPoint`.
    """
    name = os.fspath(report_path)
    try:
        report = json.loads(Path(report_path).read_bytes())
    except ValueError as error:
        raise ValueError(
            f"`report_path` must be a JSON file ({error}). "
            f"Received: report_path={name!r}"
        ) from error
    points = report.get("operating_points") if isinstance(report, dict) else 0
    if not isinstance(points, list):
        raise ValueError(
            "`report_path` must be a report with a list `operating_points`. "
            f"Received: report_path={name!r}"
        )
    known = {field.name for field in fields(OperatingPoint)}
    for index, point in enumerate(points):
        if (
            not isinstance(point, dict)
            or not {"far", "threshold"} <= set(point) <= known
        ):
            raise ValueError(
                "An operating point must have `far` and `threshold` and may "
                f"have {sorted(known - {'far', 'threshold'})}. "
                f"Received: {point!r}, operating_points[{index}] of {name}"
            )
    return tuple(OperatingPoint(**point) for point in points)


def _as_points(
    operating_points: OperatingPoints | None,
) -> tuple[OperatingPoint, ...]:
    if operating_points is None:
        return ()
    points = getattr(operating_points, "operating_points", operating_points)
    if not isinstance(points, Sequence) or not all(
        isinstance(point, OperatingPoint) for point in points
    ):
        raise ValueError(
            "`operating_points` must be a sequence of OperatingPoint, or a "
            "report that has one. "
            f"Received: operating_points={operating_points!r}"
        )
    return tuple(points)
