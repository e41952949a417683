"""Who a synthetic face is: the numbers that stay the same in every image."""

from dataclasses import dataclass, field, fields
from functools import cached_property, lru_cache

import numpy as np

_SKIN_TONES = np.array(
    [[248, 214, 190], [226, 178, 146], [182, 128, 94], [112, 72, 52]]
)
_HAIR_COLORS = np.array(
    [
        [24, 20, 20],
        [64, 42, 28],
        [128, 72, 36],
        [196, 150, 84],
        [150, 146, 142],
    ]
)
_EYE_COLORS = np.array(
    [[72, 44, 26], [122, 98, 50], [92, 120, 84], [96, 136, 178]]
)


def _between(low, high):
    return field(metadata={"range": (low, high)})


@dataclass(frozen=True)
class FaceIdentity:
    """Shape and colors of one face, the same in all its images.

    Lengths are pixels of a 112x112 crop, measured from the middle of the
    face: `u` to the right, `v` downward. Fields without a unit run from 0 to
    1. The range of every field is in its metadata, and `FaceIdentity.sample`
    draws each of them uniformly and independently.

    Example:

    ```python
    identity = FaceIdentity.sample(np.random.default_rng(7))
    identity.nose_width  # between 4.6 and 11.2
    ```
    """

    # Head
    head_width: float = _between(34.0, 42.5)  # half of it, at the cheeks
    chin: float = _between(33.0, 47.0)  # v of its lowest point
    jaw_squareness: float = _between(0.0, 1.0)
    chin_width: float = _between(0.0, 1.0)
    cheek_blush: float = _between(0.0, 1.0)
    skin_tone: float = _between(0.0, 1.0)
    skin_redness: float = _between(-1.0, 1.0)
    ear_size: float = _between(0.6, 1.3)

    # Eyes
    eye_distance: float = _between(14.5, 20.0)  # half of it
    eye_height: float = _between(-23.0, -18.0)
    eye_width: float = _between(6.0, 9.8)  # half of it
    eye_opening: float = _between(2.3, 5.5)
    eye_tilt: float = _between(-0.24, 0.3)  # positive: outer corner higher
    eye_color: float = _between(0.0, 1.0)
    iris_size: float = _between(0.75, 1.1)
    lash_darkness: float = _between(0.3, 1.0)
    lid_crease: float = _between(1.2, 4.0)
    eye_bags: float = _between(0.0, 1.0)

    # Brows
    brow_height: float = _between(6.5, 13.5)  # above the eye
    brow_thickness: float = _between(0.9, 4.2)
    brow_length: float = _between(8.0, 13.0)  # half of it
    brow_arch: float = _between(-0.5, 3.5)
    brow_tilt: float = _between(-0.26, 0.26)  # positive: outer end higher
    brow_gap: float = _between(-2.0, 3.0)  # shift away from the nose
    brow_darkness: float = _between(0.45, 1.0)

    # Nose
    nose_tip: float = _between(-4.0, 4.0)
    nose_width: float = _between(4.6, 11.2)  # half of it, at the wings
    nose_bridge: float = _between(0.25, 0.7)  # width as part of the wings
    nose_relief: float = _between(7.0, 13.0)
    nostrils: float = _between(0.3, 1.0)

    # Mouth
    mouth_height: float = _between(17.0, 24.0)
    mouth_width: float = _between(10.0, 18.5)  # half of it
    upper_lip: float = _between(0.8, 4.8)
    lower_lip: float = _between(1.4, 5.8)
    cupid_bow: float = _between(0.0, 1.0)
    lip_color: float = _between(0.0, 1.0)
    smile_lines: float = _between(0.0, 1.0)

    # Hair
    hairline: float = _between(-56.0, -38.0)
    hairline_curve: float = _between(-0.004, 0.022)
    hairline_slope: float = _between(-0.35, 0.35)
    hair_volume: float = _between(1.0, 9.0)
    hair_sides: float = _between(0.0, 7.0)
    hair_length: float = _between(-30.0, 70.0)
    hair_color: float = _between(0.0, 1.0)
    hair_wave: float = _between(0.0, 1.0)

    # Beard, drawn only as far as it is above 0
    mustache: float = _between(-1.2, 1.0)
    goatee: float = _between(-1.2, 1.0)
    side_beard: float = _between(-1.2, 1.0)

    # Marks
    freckles: float = _between(-1.5, 1.0)
    freckle_pattern: float = _between(0.0, 100.0)
    mole_u: float = _between(-28.0, 28.0)
    mole_v: float = _between(-12.0, 30.0)
    mole_size: float = _between(0.0, 1.6)

    @classmethod
    def sample(cls, rng):
        """Draws one identity.

        Args:
            rng: `numpy.random.Generator`.

        Returns:
            `FaceIdentity`.
        """
        return sample_fields(cls, rng)

    @cached_property
    def skin_color(self):
        color = mix_colors(_SKIN_TONES, self.skin_tone)
        return color + 0.03 * self.skin_redness * np.float32([1.0, -0.6, -0.6])

    @cached_property
    def lip_rgb(self):
        tint = np.float32([0.62, 0.22, 0.24])
        strength = 0.25 + 0.5 * self.lip_color
        return self.skin_color * (1 - strength) + 0.85 * tint * strength

    @cached_property
    def hair_rgb(self):
        return mix_colors(_HAIR_COLORS, self.hair_color)

    @cached_property
    def eye_rgb(self):
        return mix_colors(_EYE_COLORS, self.eye_color)


def sample_fields(cls, rng):
    """Draws every field of a dataclass uniformly from its range.

    Args:
        cls: dataclass whose fields carry `{"range": (low, high)}` metadata.
        rng: `numpy.random.Generator`.

    Returns:
        An instance of `cls` holding Python floats.
    """
    return cls(*rng.uniform(*_ranges(cls)).tolist())


@lru_cache
def _ranges(cls):
    """Lows and highs of a dataclass, each `[num_fields]`."""
    return np.array([item.metadata["range"] for item in fields(cls)]).T


def mix_colors(colors, position):
    """Color at a position along a row of colors.

    Args:
        colors: `[num_colors, 3]`, 0 to 255.
        position: float, 0 (the first color) to 1 (the last).

    Returns:
        Float32 `[3]`, 0 to 1.
    """
    place = position * (len(colors) - 1)
    first = min(int(place), len(colors) - 2)
    part = place - first
    color = colors[first] * (1 - part) + colors[first + 1] * part
    return np.float32(color / 255)
