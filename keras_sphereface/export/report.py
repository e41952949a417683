"""What an export made."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ExportReport:
    """An artifact and how near it comes to its Keras model.

    Args:
        path: str, the file or folder.
        quantization: str.
        size_bytes: int, of the file or of all files in the folder.
        score_error: float, largest change of a cosine score against Keras on
            the test images.
        calibration_images: int, images the int8 ranges were taken from.
            Defaults to `0`.
    """

    path: str
    quantization: str
    size_bytes: int
    score_error: float
    calibration_images: int = 0

    def __str__(self):
        calibration = (
            f", calibrated on {self.calibration_images} images"
            if self.calibration_images
            else ""
        )
        return (
            f"{self.path}: {self.quantization}{calibration}, "
            f"{self.size_bytes / 1e6:.2f} MB, "
            f"cosine scores within {self.score_error:.1e} of Keras"
        )
