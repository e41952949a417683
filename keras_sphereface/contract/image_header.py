"""What the first bytes of an image say about it, and why it may be refused."""

from typing import NamedTuple


class RefusedImageError(ValueError):
    """An image that is not read, for the reason that is its message."""


class DamagedImageError(RefusedImageError):
    """An image that contradicts itself, or ends before its pixels do."""


class ImageHeader(NamedTuple):
    """An image as its own header describes it; nothing is decoded yet.

    Attributes:
        kind: str, one of `image_policy.KINDS`.
        height: int, rows as they are stored, before any turning.
        width: int, columns as they are stored.
        orientation: int, in `[1, 8]`, how EXIF says to turn it; `1` is upright.
        pixel_bytes: int, memory per pixel that a decoder takes at most before
            it can notice that the pixels are damaged.
        passes: int, how often a decoder may walk over all pixels.
        training_fault: str, why the decoders of TensorFlow would not give the
            pixels that Pillow gives; `""` if they do.
    """

    kind: str
    height: int
    width: int
    orientation: int = 1
    pixel_bytes: int = 4
    passes: int = 1
    training_fault: str = ""

    @property
    def upright_size(self) -> tuple[int, int]:
        """`(height, width)` after the turning that EXIF asks for."""
        size = (self.height, self.width)
        return size[::-1] if self.orientation >= 5 else size
