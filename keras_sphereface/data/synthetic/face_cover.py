"""What hides parts of a face: cap, glasses, mask, bars, a hand."""

import numpy as np

from keras_sphereface.data.synthetic.face_canvas import bump, edge


def paint_cap(canvas, identity, rng):
    """Woollen cap or peaked cap down to the brows."""
    color = rng.random(3, np.float32)
    rim = rng.uniform(-42.0, -33.0)
    bend = rng.uniform(-0.004, 0.008)
    peaked = rng.random() < 0.5
    box = canvas.around_xy(0, -36, 80, 30)
    u, v, x = canvas.u[box], canvas.v[box], canvas.x[box]
    rise = np.minimum(canvas.y[box], 0) / 68
    width = canvas.head_width + 4 + identity.hair_volume * 0.5
    half = width * np.sqrt(np.maximum(1 - rise * rise, 0))
    height = rim + bend * (u * u) - v
    inside = edge(np.minimum(half - np.abs(x), height))
    folds = 1 + 0.08 * np.sin(u * 0.9)
    canvas.paint(color.reshape(3, 1, 1) * folds, inside, box)
    band = inside * edge(7 - height)
    canvas.paint(0.6 * color, (0.9 if peaked else 0.45) * band, box)


def paint_glasses(canvas, identity, rng, dark):
    """Frames over both eyes; with `dark`, the lenses hide them."""
    color = rng.random(3, np.float32) * 0.6
    half_width, half_height = rng.uniform(9.0, 12.5), rng.uniform(6.0, 10.0)
    thickness = rng.uniform(0.8, 1.8)
    power = 2 if rng.random() < 0.5 else 4
    tint = rng.uniform(0.82, 0.98) if dark else rng.uniform(0.0, 0.15)
    lens = rng.random(3, np.float32) * 0.25
    center_v = identity.eye_height + 1.5
    middle = max(identity.eye_distance, half_width + 2.0)
    for side in (-1, 1):
        box = canvas.around(
            side * middle, center_v, half_width + 3, half_height + 4, 4.0
        )
        x, y = canvas.project(side * middle, center_v, 4.0)
        du, dv = (canvas.x[box] - x) / canvas.cos_yaw, canvas.y[box] - y
        radius = (du / half_width) ** power + (dv / half_height) ** power
        distance = (1 - radius ** (1 / power)) * half_height
        canvas.paint(lens, tint * edge(distance), box)
        frame = edge(thickness - np.abs(distance))
        canvas.paint(color, 0.95 * frame, box)
    gap = middle - half_width
    box = canvas.around(0, center_v - 2, gap + 2, 4, 6.0)
    x, y = canvas.project(0, center_v - 2, 6.0)
    bridge = edge(gap + 1 - np.abs(canvas.x[box] - x))
    bridge = bridge * edge(thickness - np.abs(canvas.y[box] - y))
    canvas.paint(color, 0.95 * bridge, box)


def paint_mask(canvas, identity, rng):
    """Medical mask from the nose to the chin."""
    color = 0.45 + 0.55 * rng.random(3, np.float32)
    top = identity.nose_tip - rng.uniform(2.0, 9.0)
    u, v = canvas.u, canvas.v
    upper = v - top - 0.006 * u * u
    lower = identity.chin + 3 - 0.012 * u * u - v
    side = canvas.head_width - 1 - np.abs(canvas.x)
    inside = edge(np.minimum(np.minimum(upper, lower), side))
    pleats = 1 - 0.12 * bump(((v - top) % 9 - 4.5) ** 2 / 2)
    canvas.paint(color.reshape(3, 1, 1) * pleats, inside)


def paint_bar(canvas, rng):
    """Straight bar of any angle and color across the picture."""
    color = rng.random(3, np.float32)
    angle, half = rng.uniform(0, np.pi), rng.uniform(3.0, 9.0)
    place = rng.uniform(-34.0, 34.0)
    across = canvas.x * np.float32(np.cos(angle))
    across += canvas.y * np.float32(np.sin(angle))
    canvas.paint(color, edge(half - np.abs(across - place)))


def paint_hand(canvas, identity, rng):
    """Four fingers reaching over the lower face from one side."""
    side = 1.0 if rng.random() < 0.5 else -1.0
    top, reach = rng.uniform(5.0, 26.0), rng.uniform(-14.0, 16.0)
    slope = rng.uniform(-0.3, 0.3)
    skin = identity.skin_color
    box = canvas.around_xy(side * (reach + 40), top + 10, 48, 36)
    for finger in range(4):
        x = side * canvas.x[box] - reach - 2.0 * abs(finger - 1.5)
        y = canvas.y[box] - top - 7.2 * finger - slope * x
        before = np.minimum(x, 0)
        alpha = edge(3.7 - np.sqrt(before * before + y * y))
        tone = 0.95 - 0.028 * (y * y)
        canvas.paint(skin.reshape(3, 1, 1) * tone, alpha, box)


def paint_cover(canvas, identity, view, rng):
    """Paints what the view puts between the face and the camera."""
    if view.cap > 0:
        paint_cap(canvas, identity, rng)
    if view.mask > 0:
        paint_mask(canvas, identity, rng)
    if view.sunglasses > 0 or view.glasses > 0:
        paint_glasses(canvas, identity, rng, dark=view.sunglasses > 0)
    if view.hand > 0:
        paint_hand(canvas, identity, rng)
    if view.bar > 0:
        paint_bar(canvas, rng)
