"""How one image of a synthetic face is taken: everything but who it is."""

from dataclasses import dataclass, field

from keras_sphereface.data.synthetic.face_identity import sample_fields


def _between(low, high):
    return field(metadata={"range": (low, high)})


@dataclass(frozen=True)
class FaceView:
    """Pose, expression, light, cover and camera of one image.

    Lengths are pixels of a 112x112 crop, angles radians. A field whose range
    begins below 0 and that is called an amount is left out where negative, so
    that `sunglasses` in `(-17, 1)` appear in one image of eighteen. Fields are
    drawn uniformly and independently by `FaceView.sample`.
    """

    # Pose, and what the landmark detector got wrong
    yaw: float = _between(-0.36, 0.36)
    pitch: float = _between(-0.22, 0.22)
    crop_roll: float = _between(-0.06, 0.06)
    crop_zoom: float = _between(0.95, 1.06)
    crop_shift_x: float = _between(-2.0, 2.0)
    crop_shift_y: float = _between(-2.0, 2.0)

    # Expression
    mouth_open: float = _between(-6.0, 6.5)  # amount
    smile: float = _between(-0.35, 1.0)
    brow_raise: float = _between(-1.5, 2.5)
    eyelids: float = _between(0.55, 1.1)  # 0: shut, 1: relaxed
    gaze_u: float = _between(-1.8, 1.8)
    gaze_v: float = _between(-0.7, 0.7)

    # Light
    light_direction: float = _between(-3.14, 3.14)  # 0: from the right
    light_slant: float = _between(0.0, 1.05)  # 0: from the camera
    ambient: float = _between(0.25, 0.8)
    shadow: float = _between(-2.6, 0.7)  # amount, a hard cast shadow
    red_gain: float = _between(0.65, 1.3)
    green_gain: float = _between(0.75, 1.25)
    blue_gain: float = _between(0.6, 1.4)
    brightness: float = _between(0.7, 1.3)

    # Cover, amounts
    cap: float = _between(-2.5, 1.0)
    glasses: float = _between(-4.0, 1.0)
    sunglasses: float = _between(-17.0, 1.0)
    mask: float = _between(-29.0, 1.0)
    bar: float = _between(-14.0, 1.0)
    hand: float = _between(-18.0, 1.0)

    # Camera
    contrast: float = _between(0.75, 1.25)
    saturation: float = _between(-0.1, 1.4)  # gray below 0
    blur: float = _between(-2.0, 2.0)  # amount, passes of a 3x3 blur
    noise: float = _between(0.0, 0.045)

    # Colors and places of background, clothes and cover, and the noise
    texture_seed: float = _between(0.0, 2.0**52)

    @classmethod
    def sample(cls, rng):
        """Draws one view.

        Args:
            rng: `numpy.random.Generator`.

        Returns:
            `FaceView`.
        """
        return sample_fields(cls, rng)
