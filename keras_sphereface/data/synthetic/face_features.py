"""Eyes, brows, nose, mouth, beard and marks, painted on a `FaceCanvas`."""

from functools import lru_cache

import numpy as np

from keras_sphereface.data.synthetic.face_canvas import bump, edge, ellipse

_EYE_WHITE = np.float32([0.93, 0.91, 0.89])
_MOUTH_INSIDE = np.float32([0.26, 0.07, 0.08])
_TEETH = np.float32([0.93, 0.91, 0.86])


def landmarks(identity, view):
    """Five points `(u, v, relief)`: eyes, nose tip, mouth corners."""
    mouth_v, mouth_width = _mouth_corner(identity, view)
    return (
        (-identity.eye_distance, identity.eye_height, 0.0),
        (identity.eye_distance, identity.eye_height, 0.0),
        (0.0, identity.nose_tip, identity.nose_relief),
        (-mouth_width, mouth_v, 0.0),
        (mouth_width, mouth_v, 0.0),
    )


def paint_marks(canvas, identity):
    """Blush, freckles and a mole on the bare skin."""
    skin = identity.skin_color
    box = canvas.around(0, 5, 34, 14)
    u, v = canvas.u[box], canvas.v[box]
    du, dv = (np.abs(u) - 20) / 13, (v - 6) / 10
    red = skin * np.float32([1.0, 0.66, 0.64])
    alpha = 0.45 * identity.cheek_blush * bump(du * du + dv * dv)
    canvas.paint(red, alpha, box)
    if identity.freckles > 0:
        spots = _speckle()
        shift = int(identity.freckle_pattern * 1.27)
        row = (v * 1.5 + shift).astype(np.intp) % len(spots)
        column = (u * 1.5 + shift * 7).astype(np.intp) % len(spots)
        du, dv = u / 31, (v - 2) / 14
        fade = bump(du * du + dv * dv)
        alpha = 0.8 * identity.freckles * spots[row, column] * fade
        canvas.paint(skin * np.float32([0.66, 0.52, 0.46]), alpha, box)
    if identity.mole_size > 0.5:
        size = identity.mole_size
        box = canvas.around(identity.mole_u, identity.mole_v, size, size)
        du = canvas.u[box] - identity.mole_u
        dv = canvas.v[box] - identity.mole_v
        canvas.paint(skin * 0.3, 0.85 * ellipse(du, dv, size, size), box)


@lru_cache(maxsize=1)
def _speckle():
    """Soft random spots that repeat every 128 cells."""
    spots = np.random.default_rng(0).random((128, 128), np.float32) > 0.86
    spots = spots.astype(np.float32)
    spots.flags.writeable = False
    return spots


def paint_beard(canvas, identity, view):
    """Mustache, goatee and side beard in the color of the hair."""
    mouth_v, mouth_width = _mouth_corner(identity, view)
    box = canvas.around_xy(0, 26, 44, 34)
    u, v = canvas.u[box], canvas.v[box]
    amount = np.zeros_like(u)
    if identity.mustache > 0:
        lip_top = mouth_v - identity.upper_lip - 2.6
        du = u / (mouth_width + 2)
        dv = (v - lip_top - 3.5 * du * du) / 3.4
        part = identity.mustache * edge(2.5 * (1 - du * du - dv * dv))
        amount = np.maximum(amount, part)
    if identity.goatee > 0:
        low = mouth_v + identity.lower_lip + 3
        middle, half = (low + identity.chin) / 2, (identity.chin - low) / 2 + 3
        du = u / (9 + 5 * identity.goatee)
        dv = (v - middle - 2) / max(half, 4.0)
        part = identity.goatee * edge(2.5 * (1 - du * du - dv * dv))
        amount = np.maximum(amount, part)
    if identity.side_beard > 0:
        # The inner outline runs from the sideburns to below the mouth.
        low = np.maximum(v + 14, 0) / (mouth_v + 26)
        inner = 0.92 * canvas.head_width * np.sqrt(np.maximum(1 - low**2, 0))
        # Where that has closed, under the mouth, all is beard.
        part = np.maximum((np.abs(u) - inner) / 4, 8 * (low - 1)).clip(0, 1)
        part *= identity.side_beard * ((v + 14) / 5).clip(0, 1)
        amount = np.maximum(amount, part)
    if amount.any():
        alpha = 0.95 * np.sqrt(amount) * canvas.head[box]
        canvas.paint(0.8 * identity.hair_rgb, alpha, box)


def paint_nose(canvas, identity):
    """Bridge, tip and wings as bumps in the normals, dark nostrils."""
    tip, width = identity.nose_tip, identity.nose_width
    top = identity.eye_height + 1
    middle = (top + tip) / 2
    reach = 1.7 * width + 6 * abs(canvas.sin_yaw)
    box = canvas.around(0, middle, reach, tip - middle + 9, 6.0)
    along = np.clip((canvas.v[box] - top) / (tip - top), 0, 1.15)
    rise = identity.nose_relief * along * along
    u = canvas.u[box] - canvas.sin_yaw * rise
    v = canvas.v[box] - canvas.sin_pitch * rise * 0.6

    narrow = identity.nose_bridge
    ridge = width * (narrow + (1 - narrow) * (along * along * along))
    across = u / ridge
    squares = across * across
    fade = ((v - top) / 6).clip(0, 1) * ((tip + 3 - v) / 4).clip(0, 1)
    du, dv = u / (0.62 * width), (v - tip + 1) / (0.55 * width)
    ball = bump((du * du + dv * dv) / 1.6)
    steep = 0.75 * across * bump(squares / 2.9) * fade
    canvas.normal_x[box] += steep + 0.5 * du * ball
    canvas.normal_y[box] += 0.7 * dv * ball

    skin = identity.skin_color
    du, dv = u / 2.4, (v - tip + 2) / 2.6
    shine = bump(du * du + dv * dv)
    canvas.paint(np.minimum(skin * 1.25, 1), 0.3 * shine, box)
    flank = bump(squares / 3) * np.abs(across) * fade
    du, dv = u / width, (v - tip - 5) / 2.5
    under = bump(du * du + dv * dv)
    canvas.shade((1 - 0.28 * flank) * (1 - 0.3 * under), box)
    outward = np.abs(u)
    down = v - tip
    curl = outward - 0.98 * width + 0.12 * (down * down)
    height = (down - 0.5) / 4.4
    line = bump(curl * curl / 2.2) * bump(height * height)
    canvas.paint(skin * 0.52, 0.75 * line, box)
    hole = ellipse(outward - 0.48 * width, down - 2.6, 0.27 * width, 1.35)
    canvas.paint(skin * 0.25, 0.85 * identity.nostrils * hole, box)


def paint_eyes(canvas, identity, view):
    """Both eyes: socket, white, iris, pupil, lids and lashes."""
    half, skin = identity.eye_width, identity.skin_color
    reach = identity.eye_distance + half * 1.6
    box = canvas.around(0, identity.eye_height + 0.5, reach, 10.5)
    u = canvas.u[box]
    outward = np.abs(u) - identity.eye_distance
    level = canvas.v[box] - identity.eye_height
    down = level + identity.eye_tilt * outward
    along = outward / half
    squares = along * along
    arch = 1 - squares

    above = (level + 1.5) / 9
    socket = bump(squares / 2.6 + above * above)
    bag = level - 6.0 - 1.2 * arch
    bag = bump(bag * bag / 6) * bump(squares / 1.44)
    canvas.shade(1 - 0.22 * socket - 0.25 * identity.eye_bags * bag, box)

    open_up = identity.eye_opening * view.eyelids
    upper = down + open_up * arch * (1 - 0.18 * along)
    lower = 0.62 * identity.eye_opening * arch - down
    white = edge(1.2 * np.minimum(upper, lower))
    # The lid throws a shadow on the ball.
    shadow = 1 - 0.4 * bump(upper * upper / 9)
    canvas.paint(_EYE_WHITE.reshape(3, 1, 1) * shadow, white, box)

    radius = 0.52 * half * identity.iris_size
    sideways = u - np.copysign(identity.eye_distance, u) - view.gaze_u
    below = down - view.gaze_v + 0.3
    squares = sideways * sideways + below * below
    distance = np.sqrt(squares)
    iris = white * edge(radius - distance)
    ring = squares * squares * (-0.65 / radius**4) + 1.25
    ring = ring.clip(0.35, 1.15) * shadow
    canvas.paint(identity.eye_rgb.reshape(3, 1, 1) * ring, iris, box)
    pupil = white * edge(0.42 * radius - distance)
    canvas.paint([0.03, 0.03, 0.04], pupil, box)
    sideways -= 0.9
    below += 1.1
    gleam = bump((sideways * sideways + below * below) / 1.7)
    canvas.paint([1, 1, 1], 0.85 * white * gleam, box)

    within = (4 * (1.14 - np.abs(along))).clip(0, 1)
    fold = down + (open_up + identity.lid_crease) * (0.25 + 0.75 * arch)
    fold = 0.6 * (1 - np.abs(fold)).clip(0, 1)
    rim = 0.5 * (1 - np.abs(lower)).clip(0, 1)
    canvas.paint(skin * 0.46, np.maximum(fold, rim) * within, box)
    lash = (1.35 - np.abs(upper)).clip(0, 1) * within
    canvas.paint(skin * 0.16, identity.lash_darkness * lash, box)


def paint_brows(canvas, identity, view):
    """Tapered arches above the eyes."""
    color = 0.75 * identity.hair_rgb + 0.05 * identity.skin_color
    height = identity.brow_height + view.brow_raise
    center_v = identity.eye_height - height
    middle = identity.eye_distance + identity.brow_gap
    reach = middle + identity.brow_length * 1.2
    box = canvas.around(0, center_v, reach, 8)
    outward = np.abs(canvas.u[box]) - middle
    along = outward / identity.brow_length
    squares = along * along
    curve = center_v + identity.brow_arch * (squares - 0.35)
    curve -= identity.brow_tilt * outward
    thickness = identity.brow_thickness * (1.0 - 0.42 * along)
    thickness *= (6 - 6 * squares).clip(0, 1)
    alpha = (thickness + 0.3 - np.abs(canvas.v[box] - curve)).clip(0, 1)
    alpha *= identity.brow_darkness * thickness.clip(0, 1)
    canvas.paint(color, alpha, box)


def _mouth_corner(identity, view):
    """Height and half width of the mouth under the view's expression."""
    smile = view.smile
    width = identity.mouth_width * (1 + 0.12 * smile)
    return identity.mouth_height - 1.2 * smile, width


def paint_mouth(canvas, identity, view):
    """Lips, the gap with teeth, smile lines, shadow below the lip."""
    corner_v, width = _mouth_corner(identity, view)
    smile, gap = view.smile, max(view.mouth_open, 0.0)
    skin, lip = identity.skin_color, identity.lip_rgb
    box = canvas.around(0, corner_v + 3, width * 1.7, 20)
    u, v = canvas.u[box], canvas.v[box]
    along = u / width
    arch = np.maximum(1 - along * along, 0)

    outward = np.abs(u)
    crease = np.abs(outward - width - 1.5 - 0.35 * (corner_v - v + 4))
    height = (v - corner_v + 6) / 10
    lines = (1.4 - crease).clip(0, 1) * bump(height * height)
    depth = 0.4 * identity.smile_lines * (0.4 + 0.6 * max(smile, 0.0))
    canvas.paint(skin * 0.45, depth * lines, box)

    line = corner_v + 3.6 * smile * arch  # where closed lips meet
    squares = 1 - arch
    full = np.sqrt(arch)
    bow = 1 - 0.45 * identity.cupid_bow * bump(squares * 9.8)
    top = line - 0.3 * gap * arch - identity.upper_lip * full * bow
    bottom = line + 0.7 * gap * arch
    lower_edge = bottom + identity.lower_lip * full
    inside = edge(width - outward)
    inside_lips = inside * edge(1.2 * np.minimum(v - top, lower_edge - v))
    height = (v - lower_edge - 2.5) / 3
    under = bump(height * height) * bump(squares)
    canvas.shade(1 - 0.25 * under, box)
    tone = 1 - 0.14 * edge(line - v)
    height = (v - (bottom + lower_edge) / 2) / (0.5 * identity.lower_lip)
    tone += 0.18 * bump(height * height) * bump(squares * 2.8)
    canvas.paint(lip.reshape(3, 1, 1) * tone, inside_lips, box)

    ridge = line - 0.3 * gap * arch
    if gap > 0:
        hole = edge(1.2 * np.minimum(v - ridge, bottom - v) - 0.3)
        hole *= inside
        canvas.paint(_MOUTH_INSIDE, hole, box)
        teeth = edge(ridge + 0.5 * gap + 0.4 - v) * bump(squares / 1.21)
        canvas.paint(_TEETH, hole * teeth * min(gap / 2, 1), box)
    seam = (1.1 - np.abs(v - ridge)).clip(0, 1)
    seam *= (3.15 - 3 * np.abs(along)).clip(0, 1)
    canvas.paint(lip * 0.35, 0.75 * seam, box)
