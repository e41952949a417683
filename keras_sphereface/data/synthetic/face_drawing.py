"""One image of one synthetic face, drawn in NumPy."""

import math
from functools import lru_cache

import numpy as np

from keras_sphereface.data.synthetic.face_canvas import (
    FaceCanvas,
    edge,
    ellipse,
)
from keras_sphereface.data.synthetic.face_cover import paint_cover
from keras_sphereface.data.synthetic.face_features import (
    landmarks,
    paint_beard,
    paint_brows,
    paint_eyes,
    paint_marks,
    paint_mouth,
    paint_nose,
)

_HEAD_TOP = -60.0


def draw_face(identity, view, height=112, width=112):
    """Draws one aligned face.

    From far to near: background, back hair, neck, head, features, front hair,
    cover; then light and camera. The same arguments give the same bytes.

    Args:
        identity: `FaceIdentity`, who it is.
        view: `FaceView`, how the image is taken.
        height: int, pixels. Defaults to `112`.
        width: int, pixels. Defaults to `112`.

    Returns:
        Uint8 `[height, width, 3]`, RGB, with eyes, nose and mouth at the
        five-point template as far as pose, identity and crop errors allow.
    """
    rng = np.random.default_rng(int(view.texture_seed))
    canvas = FaceCanvas(
        height,
        width,
        identity.head_width,
        landmarks(identity, view),
        yaw=view.yaw,
        pitch=view.pitch,
        roll=view.crop_roll,
        zoom=view.crop_zoom,
        shift=(view.crop_shift_x, view.crop_shift_y),
    )
    _paint_background(canvas, rng)
    _paint_behind(canvas, identity, rng)
    _paint_head(canvas, identity)
    paint_marks(canvas, identity)
    paint_beard(canvas, identity, view)
    paint_nose(canvas, identity)
    paint_eyes(canvas, identity, view)
    paint_brows(canvas, identity, view)
    paint_mouth(canvas, identity, view)
    _paint_front_hair(canvas, identity)
    paint_cover(canvas, identity, view, rng)
    _light(canvas, view, rng)
    return _photograph(canvas.pixels, view, rng)


def _paint_background(canvas, rng):
    first, second, third = rng.random((3, 3), np.float32)
    angle = rng.uniform(0, 2 * math.pi)
    across = canvas.x * math.cos(angle) + canvas.y * math.sin(angle)
    mix = (0.5 + across / rng.uniform(20.0, 140.0)).clip(0, 1)
    canvas.pixels[:] = first.reshape(3, 1, 1)
    canvas.paint(second, mix)
    for _ in range(2):
        x, y = rng.uniform(-60, 60, 2).tolist()
        half_width, half_height = rng.uniform(5, 40, 2).tolist()
        box = canvas.around_xy(x, y, half_width, half_height)
        du, dv = canvas.x[box] - x, canvas.y[box] - y
        shape = ellipse(du, dv, half_width, half_height)
        canvas.paint(third, rng.uniform(0.2, 0.9) * shape, box)


def _paint_behind(canvas, identity, rng):
    """Long hair, neck, clothes and ears."""
    x, y = canvas.x, canvas.y
    hair = identity.hair_rgb
    width = identity.head_width + 0.9 * identity.hair_volume
    if identity.hair_length > -20:
        drop = np.minimum(y + 15, 0) / (52 + identity.hair_volume)
        half = width * np.sqrt(np.maximum(1 - drop * drop, 0))
        half += 0.06 * np.maximum(y + 15, 0)
        half += identity.hair_wave * 1.5 * np.sin(y * 0.35)
        alpha = edge(np.minimum(half - np.abs(x), identity.hair_length - y))
        canvas.paint(0.7 * hair, alpha * (half > 3))
    box = canvas.around_xy(0, 36, 80, 27)
    x, y = x[box], y[box]
    neck = edge(0.62 * identity.head_width - np.abs(x)) * edge(y - 10)
    canvas.paint(0.72 * identity.skin_color, neck, box)
    clothes = edge(y - identity.chin - 9 + 0.006 * (x * x))
    canvas.paint(rng.random(3, np.float32), clothes, box)
    for side in (-1, 1):
        size = identity.ear_size
        ear_x = side * (identity.head_width - 0.5) * canvas.cos_yaw
        ear_x -= 12 * canvas.sin_yaw
        ear_y = -9 - 8 * canvas.sin_pitch
        box = canvas.around_xy(ear_x, ear_y, 6 * size, 12 * size)
        du, dv = canvas.x[box] - ear_x, canvas.y[box] - ear_y
        ear = ellipse(du, dv, 4.6 * size, 10.5 * size)
        canvas.paint(0.88 * identity.skin_color, ear, box)
        hollow = ellipse(du, dv, 2.4 * size, 6.5 * size)
        canvas.paint(0.62 * identity.skin_color, 0.7 * hollow, box)


@lru_cache(maxsize=1024)
def _outline(head_width, chin, squareness, chin_width):
    """Half width of the head and softness of its edge, each half pixel."""
    v = np.arange(-80, 80, 0.5)
    down = np.clip(v / chin, 0, 1)
    up = np.clip((v + 12) / (_HEAD_TOP + 12), 0, 1)
    power = 1.8 + 1.9 * squareness
    jaw = (1 - down**power) ** (0.85 - 0.4 * chin_width)
    half = head_width * jaw * np.sqrt(1 - up**2)
    half[half == 0] = -1  # no needle above the top and below the chin
    slope = np.gradient(half, 0.5)
    softness = 1 / np.sqrt(1 + slope**2)
    return np.float32(half), np.float32(softness)


def _paint_head(canvas, identity):
    half, softness = _outline(
        identity.head_width,
        identity.chin,
        identity.jaw_squareness,
        identity.chin_width,
    )
    forward = (canvas.y / identity.chin).clip(0, 1.2)
    x = canvas.x - 12 * canvas.sin_yaw * forward
    y = canvas.y - 14 * canvas.sin_pitch * forward
    cell = (y * 2 + 160).clip(0, len(half) - 1).astype(np.intp)
    distance = half.take(cell)
    distance -= np.abs(x)
    distance *= softness.take(cell)
    canvas.head = edge(distance)
    canvas.paint(identity.skin_color, canvas.head)
    # The skin darkens where it turns away, most under the jaw.
    rim = (1 - distance / 9).clip(0, 1)
    canvas.shade(1 - 0.3 * canvas.head * (rim * rim))


def _paint_front_hair(canvas, identity):
    """Hair above the hairline and along the temples."""
    box = canvas.around_xy(0, -27, 80, 44)
    u, v, x, y = (
        part[box] for part in (canvas.u, canvas.v, canvas.x, canvas.y)
    )
    volume = identity.hair_volume
    width = identity.head_width + 0.8 * volume
    rise = ((y + 12) / (_HEAD_TOP + 12 - volume)).clip(0, 1)
    dome = width * np.sqrt(1 - rise * rise) - np.abs(x)
    dome -= 2 * (rise == 1)
    line = identity.hairline + identity.hairline_curve * (u * u)
    line += identity.hairline_slope * u
    lean = 0.3 * identity.hairline_slope + 0.1
    cell = (u * (5 - 2 * identity.hair_wave) + lean * v).astype(np.intp)
    strands = _strands().take(cell, mode="wrap")
    line += 2.2 * identity.hair_wave * strands
    top = line - v
    temple = np.abs(u) - identity.head_width * 0.97 + identity.hair_sides
    temple = np.minimum(temple, min(identity.hair_length + 8, 6.0) - v)
    inside = edge(np.minimum(np.maximum(top, temple), dome))
    tone = (0.95 + 0.16 * strands) * (0.85 + np.minimum(rise, 0.25))
    canvas.paint(identity.hair_rgb.reshape(3, 1, 1) * tone, inside, box)
    # A soft shadow of the hair on the forehead.
    shadow = (1 + top / 5).clip(0, 1) * (1 - inside) * canvas.head[box]
    canvas.shade(1 - 0.3 * shadow, box)


@lru_cache(maxsize=1)
def _strands():
    """Smooth noise between -1 and 1, one row of 1024 cells."""
    noise = np.random.default_rng(0).uniform(-1, 1, 1024)
    noise = sum(np.roll(noise, shift) for shift in range(-2, 3)) / 2.5
    noise = np.float32(noise.clip(-1, 1))
    noise.flags.writeable = False
    return noise


def _light(canvas, view, rng):
    """Multiplies ambient light, one lamp and a cast shadow."""
    slant = 1.25 * view.light_slant
    side_x = math.sin(slant) * math.cos(view.light_direction)
    side_y = math.sin(slant) * math.sin(view.light_direction)
    normal_x, normal_y = canvas.normal_x, canvas.normal_y
    squares = normal_x * normal_x + normal_y * normal_y
    normal_z = np.sqrt(np.maximum(1 - squares, 0))
    lamp = normal_x * side_x + normal_y * side_y
    lamp = np.maximum(lamp + normal_z * math.cos(slant), 0)
    lamp *= 1.35 * (1 - view.ambient)
    if view.shadow > 0:
        angle, place = rng.uniform(0, 2 * math.pi), rng.uniform(-20, 20)
        across = canvas.x * math.cos(angle) + canvas.y * math.sin(angle)
        lamp *= 1 - view.shadow * (0.5 + (across - place) / 6).clip(0, 1)
    # The lamp is of one color, the rest of the room of the opposite one.
    gains = (view.red_gain, view.green_gain, view.blue_gain)
    for plane, gain in zip(canvas.pixels, gains, strict=True):
        room = view.ambient * (0.6 + 0.4 / gain)
        factor = (view.brightness * gain) * lamp
        factor += view.brightness * room
        plane *= factor


def _photograph(pixels, view, rng):
    """Saturation, contrast, blur and noise of the camera, in bytes."""
    _, height, width = pixels.shape
    # contrast * (gray + saturation * (pixels - gray) - 0.45) + 0.45
    color = view.contrast * max(view.saturation, 0.0)
    offset = pixels[0] + pixels[1]
    offset += pixels[2]
    offset *= 255 * (view.contrast - color) / 3
    offset += 255 * 0.45 * (1 - view.contrast) + 0.5
    grain = np.frombuffer(rng.bytes(pixels.size), np.int8)
    grain = grain.reshape(pixels.shape)
    # The deviation of such bytes is 74; float32 keeps the product so.
    strength = np.float32(view.noise * 255 / 74)
    image = np.empty((height, width, 3), np.uint8)
    for channel in range(3):
        plane = (255 * color) * pixels[channel]
        plane += offset
        for _ in range(math.ceil(view.blur)):
            _blur(plane)
            _blur(plane.T)
        plane += strength * grain[channel]
        image[:, :, channel] = plane.clip(0, 255, out=plane)
    return image


def _blur(plane):
    """Weights 1/4, 1/2, 1/4 down the rows, in place, borders kept."""
    pairs = plane[:-1] + plane[1:]
    inside = np.add(pairs[:-1], pairs[1:], out=plane[1:-1])
    inside *= 0.25
