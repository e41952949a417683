"""What an export made: the parity card of an artifact."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from keras_sphereface.files import new_file, write_json

_SIDES = ("keras", "artifact")


@dataclass(frozen=True)
class ExportReport:
    """An artifact and how near it comes to its Keras model.

    Args:
        path: str, the file or folder.
        quantization: str.
        size_bytes: int, of the file or of all files in the folder.
        images: int, how many it was compared on.
        images_from: str, where they came from.
        worst_cosine: float, least cosine between the artifact's and Keras's
            embedding of an image.
        mean_cosine: float, the mean of them.
        score_error: float, largest change of a cosine score against Keras.
        latency_ms: float, median milliseconds for one image, on as many
            threads as the runtime chooses.
        exceeded: tuple of str, bounds that a forced export exceeds. Defaults
            to `()`.
        calibration_images: int, images the ranges of integers were taken from.
            Defaults to `0`.
        pairs: dict of `compare_on_pairs`, or `None`. Defaults to `None`.
        layers: list of dicts of `layer_errors`, or `None`. Defaults to `None`.
    """

    path: str
    quantization: str
    size_bytes: int
    images: int
    images_from: str
    worst_cosine: float
    mean_cosine: float
    score_error: float
    latency_ms: float
    exceeded: tuple[str, ...] = ()
    calibration_images: int = 0
    pairs: dict[str, Any] | None = None
    layers: list[dict[str, Any]] | None = None

    def __str__(self) -> str:
        calibration = (
            f", calibrated on {self.calibration_images} images"
            if self.calibration_images
            else ""
        )
        warning = "; ".join(("", *self.exceeded))
        return (
            f"{self.path}: {self.quantization}{calibration}, "
            f"{self.size_bytes / 1e6:.2f} MB, {self.latency_ms:.1f} ms, "
            f"cosine scores within {self.score_error:.1e} of Keras{warning}"
        )

    def to_markdown(self) -> str:
        """The card as a page of Markdown."""
        rows = [
            ("quantization", self.quantization),
            ("size", f"{self.size_bytes / 1e6:.2f} MB"),
            ("latency, one image", f"{self.latency_ms:.2f} ms"),
            ("compared on", f"{self.images} {self.images_from}"),
            ("worst cosine to Keras", f"{self.worst_cosine:.6f}"),
            ("mean cosine to Keras", f"{self.mean_cosine:.6f}"),
            ("worst change of a score", f"{self.score_error:.2e}"),
        ]
        if self.calibration_images:
            rows.append(("calibrated on", f"{self.calibration_images} images"))
        lines = [f"# Parity of {Path(self.path).name}", ""]
        lines += _table(("", "value"), rows)
        if self.pairs is not None:
            lines += [
                "",
                f"On {self.pairs['count']:,} pairs, whose scores change by at "
                f"most {self.pairs['score_error']:.2e}:",
                "",
            ]
            lines += _table(
                ("", "Keras", "artifact"),
                [
                    (
                        label,
                        *(_percent(self.pairs[side][name]) for side in _SIDES),
                    )
                    for label, name in (
                        ("ten-fold accuracy", "accuracy"),
                        (f"TAR at FAR {self.pairs['far']:g}", "tar"),
                    )
                ],
            )
        if self.exceeded:
            lines += ["", "Written by force, although:", ""]
            lines += [f"- {reason}" for reason in self.exceeded]
        if self.layers is not None:
            worst = sorted(self.layers, key=lambda layer: layer["cosine"])[:10]
            lines += ["", "The ten least faithful tensors:", ""]
            lines += _table(
                ("tensor", "cosine", "signal to noise"),
                [
                    (
                        f"`{_last_names(layer['tensor'])}`",
                        f"{layer['cosine']:.4f}",
                        f"{layer['signal_to_noise']:.1f} dB",
                    )
                    for layer in worst
                ],
            )
        return "\n".join([*lines, ""])

    def write(self, stem: str | os.PathLike | None = None) -> None:
        """Writes the card as JSON and Markdown.

        Args:
            stem: str or path to which `.parity.json` and `.parity.md` are
                added. Defaults to `None`, the path of the artifact.
        """
        stem = os.fspath(self.path if stem is None else stem).rstrip("/")
        write_json(f"{stem}.parity.json", asdict(self))
        with new_file(f"{stem}.parity.md") as unfinished:
            unfinished.write_text(self.to_markdown(), encoding="utf-8")


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    cells = [header, ["---"] * len(header), *rows]
    return ["| " + " | ".join(row) + " |" for row in cells]


def _percent(value: float | None) -> str:
    return "n/a" if value is None else f"{value:.2%}"


def _last_names(tensor: str) -> str:
    """The layer and the operation, without the models around them."""
    return "/".join(tensor.split("/")[-3:])
