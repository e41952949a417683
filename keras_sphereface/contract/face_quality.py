"""Whether a picture of a face is good enough to enrol somebody by it."""

import math
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from keras_sphereface.contract.alignment import template_for
from keras_sphereface.contract.arguments import check_number
from keras_sphereface.contract.face_input import IMAGE_SIZE

# How red, green and blue add up to what an eye sees as bright.
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
# The face in an aligned crop, in distances between the eyes from its middle:
# wide enough for both, from the forehead to the chin.
_HALF_WIDTH, _ABOVE, _BELOW = 0.9, 1.0, 1.3
_DARKEST, _BRIGHTEST = 8, 247
# In a smaller crop nothing can be told.
MIN_CROP_SIZE = 16


@dataclass(frozen=True)
class FaceQuality:
    """What can be seen of how well a face was caught.

    Args:
        sharpness: float, at least 0: how much neighboring pixels of the face
            bend, sideways or up and down, whichever is less, against how much
            all of them differ. Blurred, shaken and enlarged faces have little
            of it, noise has much.
        brightness: float in `[0, 255]`, mean of the face.
        contrast: float in `[0, 128]`, standard deviation within the face.
        clipped: float in `[0, 1]`, share of pixels without detail, black or
            white.
        eye_distance: float, pixels between the eyes in the photograph, or
            `None` for a crop. Defaults to `None`.
        turn: float, how far the nose is from between the eyes, sideways, in
            distances between them: 0 is frontal, 0.5 a profile; or `None` for
            a crop. Defaults to `None`.
        nod: float in `[0, 1]` for a face seen from the front, where the nose
            is between the eyes, 0, and the mouth, 1; or `None` for a crop.
            Defaults to `None`.
    """

    sharpness: float
    brightness: float
    contrast: float
    clipped: float
    eye_distance: float | None = None
    turn: float | None = None
    nod: float | None = None


@dataclass(frozen=True)
class QualityLimits:
    """From where on a face is too poor to enrol somebody by it.

    The defaults of sharpness, brightness, contrast and clipping each refuse
    some two of 1,000 aligned crops of a public set; `of_faces` measures them on
    faces of your own.

    Args:
        sharpness: `(low, high)`. Defaults to `(0.05, 0.48)`.
        brightness: `(low, high)`. Defaults to `(55.0, 210.0)`.
        contrast: float, the least. Defaults to `19.0`.
        clipped: float, the largest share. Defaults to `0.22`.
        eye_distance: float, the fewest pixels. Defaults to `18.0`, half of
            what a crop of 112×112 has.
        turn: float, the largest to either side. Defaults to `0.4`.
        nod: `(low, high)`. Defaults to `(0.2, 0.85)`.
    """

    sharpness: tuple[float, float] = (0.05, 0.48)
    brightness: tuple[float, float] = (55.0, 210.0)
    contrast: float = 19.0
    clipped: float = 0.22
    eye_distance: float = 18.0
    turn: float = 0.4
    nod: tuple[float, float] = (0.2, 0.85)

    def __post_init__(self) -> None:
        for each in fields(self):
            value = getattr(self, each.name)
            is_pair = isinstance(each.default, tuple)
            values = value if isinstance(value, (tuple, list)) else [value]
            if (
                len(values) != 1 + is_pair
                or any(
                    type(number) not in (int, float)
                    or not math.isfinite(number)
                    or number < 0
                    for number in values
                )
                or sorted(values) != [*values]
            ):
                expected = "two floats, low and high," if is_pair else "a float"
                raise ValueError(
                    f"`{each.name}` must be {expected} of at least 0. "
                    f"Received: {each.name}={value!r}"
                )
            plain = tuple(map(float, values))
            object.__setattr__(self, each.name, plain if is_pair else plain[0])

    def to_dict(self) -> dict[str, Any]:
        """The arguments, as JSON types."""
        return asdict(self)

    def problems(self, quality: FaceQuality) -> tuple[str, ...]:
        """What is wrong with a face, in words; nothing is an empty tuple.

        Args:
            quality: `FaceQuality`.
        """
        low, high = self.brightness
        blurred, noisy = self.sharpness
        up, down = self.nod
        found = [
            (
                quality.sharpness < blurred,
                f"it is blurred (sharpness {quality.sharpness:.2f}, at least "
                f"{blurred:.2f})",
            ),
            (
                quality.sharpness > noisy,
                f"it is noisy (sharpness {quality.sharpness:.2f}, at most "
                f"{noisy:.2f})",
            ),
            (
                quality.brightness < low,
                f"it is too dark (brightness {quality.brightness:.0f}, at "
                f"least {low:.0f})",
            ),
            (
                quality.brightness > high,
                f"it is too bright (brightness {quality.brightness:.0f}, at "
                f"most {high:.0f})",
            ),
            (
                quality.contrast < self.contrast,
                f"it is flat (contrast {quality.contrast:.0f}, at least "
                f"{self.contrast:.0f})",
            ),
            (
                quality.clipped > self.clipped,
                f"{quality.clipped:.0%} of it is black or white without "
                f"detail (at most {self.clipped:.0%})",
            ),
        ]
        if quality.eye_distance is not None:
            found.append(
                (
                    quality.eye_distance < self.eye_distance,
                    f"it is too small ({quality.eye_distance:.0f} pixels "
                    f"between the eyes, at least {self.eye_distance:.0f})",
                )
            )
        if quality.turn is not None:
            found.append(
                (
                    abs(quality.turn) > self.turn,
                    "it is turned to the side",
                )
            )
        if quality.nod is not None:
            found.append(
                (
                    not up <= quality.nod <= down,
                    "it looks up" if quality.nod < up else "it looks down",
                )
            )
        return tuple(words for is_so, words in found if is_so)

    @classmethod
    def of_faces(
        cls, crops: npt.ArrayLike, refused: float = 0.002, **limits: Any
    ) -> "QualityLimits":
        """Limits that refuse few of the given faces.

        Args:
            crops: uint8 or float, `[num_images, height, width, 3]`, aligned RGB
                faces of the kind that shall pass, some 500 or more.
            refused: float in `(0, 0.5)`, the share that each limit refuses, of
                which there are six. Defaults to `0.002`.
            **limits: those that crops do not show: `eye_distance`, `turn` and
                `nod`.
        """
        refused = check_number("refused", refused, above=0.0, below=0.5)
        measured = [measure_quality(crop) for crop in np.asarray(crops)]
        if not measured:
            raise ValueError("`crops` must be at least one face. Received: []")

        def quantile(name: str, share: float) -> float:
            return float(
                np.quantile([getattr(each, name) for each in measured], share)
            )

        def between(name: str) -> tuple[float, float]:
            return quantile(name, refused), quantile(name, 1 - refused)

        return cls(
            sharpness=between("sharpness"),
            brightness=between("brightness"),
            contrast=quantile("contrast", refused),
            clipped=quantile("clipped", 1 - refused),
            **limits,
        )


def measure_quality(
    crop: npt.ArrayLike, landmarks: npt.ArrayLike | None = None
) -> FaceQuality:
    """Looks at an aligned face.

    Args:
        crop: uint8 or float, `[height, width, 3]`, RGB in `[0, 255]`, aligned
            as `align_face` does.
        landmarks: `[5, 2]`, x and y of eyes, nose and corners of the mouth in
            the photograph it was cut from. Defaults to `None`: size and pose
            are not known.

    Returns:
        `FaceQuality`.
    """
    crop = np.asarray(crop, np.float32)
    if (
        crop.ndim != 3
        or crop.shape[2] != 3
        or (min(crop.shape[:2]) < MIN_CROP_SIZE)
    ):
        raise ValueError(
            "`crop` must be of shape (height, width, 3), "
            f"{MIN_CROP_SIZE} pixels or more to each side. Received: crop of "
            f"shape {crop.shape}"
        )
    bright, step = _face_of(crop @ _LUMA)
    contrast = float(bright.std())
    # A gray level more or less is no detail.
    spread = contrast + 4.0
    bends = [
        np.abs(2 * middle - before - after).mean() / spread
        for before, middle, after in (
            (
                bright[:, : -2 * step],
                bright[:, step:-step],
                bright[:, 2 * step :],
            ),
            (bright[: -2 * step], bright[step:-step], bright[2 * step :]),
        )
    ]
    is_clipped = (bright < _DARKEST) | (bright > _BRIGHTEST)
    return FaceQuality(
        sharpness=float(min(bends)),
        brightness=float(bright.mean()),
        contrast=contrast,
        clipped=float(is_clipped.mean()),
        **({} if landmarks is None else _pose(np.asarray(landmarks, float))),
    )


def _face_of(bright: np.ndarray) -> tuple[np.ndarray, int]:
    """The face in a crop, and how many pixels a pixel of 112×112 is."""
    height, width = bright.shape
    left, right, *_ = template_for(height, width)
    distance = right[0] - left[0]
    x, y = (left + right) / 2
    rows = slice(max(0, int(y - _ABOVE * distance)), int(y + _BELOW * distance))
    columns = slice(
        max(0, int(x - _HALF_WIDTH * distance)),
        int(x + _HALF_WIDTH * distance),
    )
    return bright[rows, columns], max(1, round(height / IMAGE_SIZE[0]))


def _pose(landmarks: np.ndarray) -> dict[str, float]:
    """How large the face is in its photograph, and where it looks."""
    if landmarks.shape != (5, 2) or not np.isfinite(landmarks).all():
        raise ValueError(
            "`landmarks` must be five points (x, y). Received: landmarks of "
            f"shape {landmarks.shape}"
        )
    left, right, nose, *corners = landmarks
    eyes = (left + right) / 2
    across = right - left
    distance = float(np.hypot(*across))
    if distance == 0.0:
        raise ValueError(
            "`landmarks` must have two eyes in two places. "
            f"Received: landmarks={landmarks.tolist()}"
        )
    along = across / distance
    down = np.array([-along[1], along[0]])
    mouth = float((np.mean(corners, axis=0) - eyes) @ down)
    return {
        "eye_distance": distance,
        "turn": float((nose - eyes) @ along) / distance,
        # A mouth at the height of the eyes is no face seen from the front.
        "nod": float((nose - eyes) @ down) / mouth if mouth > 0.0 else 1.0,
    }
