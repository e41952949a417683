"""The loose crops of IJB-B and IJB-C, and the face in each of them."""

import os
from pathlib import Path
from typing import NamedTuple

import numpy as np

from keras_sphereface.contract import IMAGE_SIZE, ImageError, align_face
from keras_sphereface.contract.arguments import check_sizes
from keras_sphereface.files.text_file import read_lines

# x and y of five points, and the score.
_NUMBERS = 11


class FacePoints(NamedTuple):
    """Where a detector found the face in each loose crop.

    Args:
        images: list of str, file names such as `"1.jpg"`.
        landmarks: float64 `[num_images, 5, 2]`, x and y in pixels: left eye,
            right eye, nose, left and right corner of the mouth, as seen in the
            picture.
        scores: float64 `[num_images]`, at least 0, how sure it was.
    """

    images: list[str]
    landmarks: np.ndarray
    scores: np.ndarray


def read_face_points(path: str | os.PathLike) -> FacePoints:
    """Reads a `*_name_5pts_score.txt`: `1.jpg x1 y1 ... x5 y5 0.999`.

    Args:
        path: str or path.

    Returns:
        `FacePoints`, one per line.

    Raises:
        ValueError: a line is something else; it is named.
    """
    images, numbers = [], []
    for number, line in read_lines(path):
        fields = line.split()
        values = _finite_numbers(fields[1:])
        if values is None or values[-1] < 0:
            raise ValueError(
                f"{path}, line {number}: a line must be `image x1 y1 x2 y2 x3 "
                "y3 x4 y4 x5 y5 score`, the score at least 0. "
                f"Received: {line!r}"
            )
        images.append(fields[0])
        numbers.append(values)
    if not images:
        raise ValueError(f"The file is empty. Received: {path}")
    table = np.array(numbers)
    return FacePoints(images, table[:, :-1].reshape(-1, 5, 2), table[:, -1])


class LooseFaces:
    """Upright faces cut out of loose crops, each when it is asked for.

    Landmarks that do not resemble a face are taken as they are: a benchmark
    counts every image. In a `contract.StoredImages` they are images like
    others, for `extract_embeddings`.

    Args:
        folder: str or path of the loose crops.
        points: `FacePoints`.
        size: `(height, width)` of the faces. Defaults to `(112, 112)`.
    """

    def __init__(
        self,
        folder: str | os.PathLike,
        points: FacePoints,
        size: tuple[int, int] = IMAGE_SIZE,
    ) -> None:
        self.folder = Path(folder)
        self.points = points
        height, width = check_sizes(
            "size", size, length=2, reason="is (height, width), so it"
        )
        self.size = (height, width)

    def __len__(self) -> int:
        return len(self.points.images)

    def read_pixels(self, position: int) -> np.ndarray:
        """One face.

        Args:
            position: int, position in the list of points.

        Returns:
            uint8 array, `[*size, 3]`, RGB.

        Raises:
            ValueError: the crop cannot be read, or its landmarks lie on one
                point; it is named.
            OSError: the file is missing or cannot be opened.
        """
        name = self.name_of(position)
        landmarks = self.points.landmarks[position]
        try:
            return align_face(name, landmarks, self.size, refuse_mirrored=False)
        except ImageError:
            raise  # It names the file.
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from error

    def name_of(self, position: int) -> str:
        """What errors call a face.

        Args:
            position: int, position in the list of points.

        Returns:
            str, the path of its crop.
        """
        return os.fspath(self.folder / self.points.images[position])


def _finite_numbers(fields: list[str]) -> list[float] | None:
    if len(fields) != _NUMBERS:
        return None
    try:
        values = [float(field) for field in fields]
    except ValueError:
        return None
    return values if np.isfinite(values).all() else None
