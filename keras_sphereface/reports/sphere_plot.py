"""Embeddings of two or three dimensions on their circle or sphere."""

from pathlib import Path

import numpy as np

from keras_sphereface.files import new_stream

# Paul Tol's bright and vibrant colors, then around again.
_COLORS = (
    "#4477AA",
    "#EE6677",
    "#228833",
    "#CCBB44",
    "#66CCEE",
    "#AA3377",
    "#EE7733",
    "#009988",
    "#777777",
    "#CC3311",
)
_INK, _QUIET, _LINE = "#222222", "#6E6E6E", "#D4D4D4"


def plot_sphere(panels: dict, path, title: str = "Embeddings") -> Path:
    """Draws one circle or sphere per panel, one color per identity.

    On a circle, bars outside show how many faces lie in each direction, and
    lines inside the class centers; on a sphere, dots are faces and stems the
    centers. Below is the mean angle between a face and its own center, and the
    smallest between two centers.

    Args:
        panels: dict of str, the name of a head, to `(embeddings, labels,
            centers)`: `(num_faces, dim)`, `(num_faces,)` and `(dim,
            num_classes)`, with `dim` 2 or 3; norms do not matter.
        path: file to write; its ending, `.png`, `.svg` or `.pdf`, is the
            format. It is replaced when the picture is complete.
        title: str. Defaults to `"Embeddings"`.

    Returns:
        `pathlib.Path` of the file.
    """
    path = Path(path)
    if path.suffix not in (".png", ".svg", ".pdf"):
        raise ValueError(
            "`path` must end in .png, .svg or .pdf. "
            f"Received: path={str(path)!r}"
        )
    if not panels:
        raise ValueError(
            "`panels` must have at least one panel. Received: panels={}"
        )
    for name, (embeddings, labels, centers) in panels.items():
        shapes = tuple(np.shape(a) for a in (embeddings, labels, centers))
        dim = shapes[0][-1]
        if dim not in (2, 3) or shapes[2][0] != dim or len(shapes[2]) != 2:
            raise ValueError(
                "`panels` must hold (num_faces, dim), (num_faces,) and (dim, "
                "num_classes), with dim 2 or 3. "
                f"Received: panels[{name!r}] of shapes {shapes}"
            )
    figure = _draw(panels, title)
    with new_stream(path) as stream:
        figure.savefig(stream, format=path.suffix[1:], dpi=160)
    return path


def _draw(panels, title):
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError(
            "Plots need matplotlib: pip install 'keras-sphereface[plots]'"
        ) from error

    columns = min(len(panels), 4)
    rows = -(-len(panels) // columns)
    # A Figure of its own, without pyplot: no window, no global state.
    figure = Figure(figsize=(3.5 * columns, 4.0 * rows + 0.7))
    top = 1 - 0.75 / (4.0 * rows + 0.7)
    figure.text(
        0.5, 0.5 * (1 + top), title, ha="center", va="center", fontsize=15
    ).set(fontweight="bold", color=_INK)
    for index, (name, panel) in enumerate(panels.items()):
        embeddings, labels, centers = (np.asarray(a) for a in panel)
        embeddings = _unit(embeddings.astype(float), axis=1)
        centers = _unit(centers.astype(float), axis=0)
        row, column = divmod(index, columns)
        box = (
            (column + 0.04) / columns,
            (1 - (row + 0.88) / rows) * top,
            0.92 / columns,
            0.8 / rows * top,
        )
        draw = _draw_circle if len(centers) == 2 else _draw_ball
        draw(figure, box, embeddings, labels, centers)
        middle = (column + 0.5) / columns
        figure.text(
            middle,
            (1 - (row + 0.03) / rows) * top,
            name,
            ha="center",
            va="top",
            fontsize=12.5,
            fontweight="bold",
            color=_INK,
        )
        figure.text(
            middle,
            (1 - (row + 0.93) / rows) * top,
            _caption(embeddings, labels, centers),
            ha="center",
            va="center",
            fontsize=9.5,
            color=_QUIET,
        )
    return figure


def _unit(vectors, axis):
    norms = np.linalg.norm(vectors, axis=axis, keepdims=True)
    return vectors / np.maximum(norms, 1e-12)


def _caption(embeddings, labels, centers):
    cosines = np.sum(embeddings * centers.T[labels], axis=1)
    within = np.degrees(np.arccos(np.clip(cosines, -1, 1))).mean()
    between = centers.T @ centers - 4 * np.eye(centers.shape[1])
    apart = np.degrees(np.arccos(np.clip(between.max(), -1, 1)))
    return f"{within:.0f}° to the own center, centers {apart:.0f}° apart"


def _draw_circle(figure, box, embeddings, labels, centers):
    axes = figure.add_axes(box, projection="polar")
    axes.set_axis_off()
    axes.set_ylim(0, 1.62)
    around = np.linspace(0, 2 * np.pi, 361)
    axes.fill_between(around, 0, 1, color="#F6F6F6", lw=0)
    axes.plot(around, np.ones_like(around), color=_LINE, lw=1.2, zorder=1)
    edges = np.linspace(-np.pi, np.pi, 121)
    counts = [
        np.histogram(_direction(embeddings[labels == label]), edges)[0]
        for label in range(centers.shape[1])
    ]
    # The root keeps a tight class from hiding a wide one.
    heights = np.sqrt(counts)
    heights = 0.55 * heights / max(heights.max(), 1.0)
    for label, height in enumerate(heights):
        color = _COLORS[label % len(_COLORS)]
        axes.bar(
            (edges[:-1] + edges[1:]) / 2,
            height,
            np.diff(edges),
            bottom=1.03,
            color=color,
            alpha=0.85,
            lw=0,
        )
        direction = _direction(centers[:, label][None])[0]
        axes.plot([direction] * 2, [0, 0.97], color=color, lw=1.8)
        axes.plot(direction, 0.97, "o", color=color, ms=5.5, mec="white")
    axes.plot(0, 0, "o", color=_INK, ms=3)


def _direction(vectors):
    return np.arctan2(vectors[:, 1], vectors[:, 0])


def _draw_ball(figure, box, embeddings, labels, centers):
    axes = figure.add_axes(box, projection="3d", computed_zorder=False)
    axes.set_axis_off()
    axes.set_box_aspect((1, 1, 1), zoom=1.36)
    axes.set(xlim=(-1.1, 1.1), ylim=(-1.1, 1.1), zlim=(-1.1, 1.1))
    axes.view_init(elev=22, azim=35)
    u, v = np.mgrid[0 : 2 * np.pi : 49j, 0 : np.pi : 25j]
    ball = (np.cos(u) * np.sin(v), np.sin(u) * np.sin(v), np.cos(v))
    axes.plot_surface(*ball, color="#F2F2F2", alpha=0.25, lw=0, shade=False)
    axes.plot_wireframe(
        *ball, color=_LINE, lw=0.4, rstride=4, cstride=4, alpha=0.8
    )
    # Faces on the far side stay pale: the ball is between.
    elevation, azimuth = np.radians(22), np.radians(35)
    toward = np.array(
        [
            np.cos(elevation) * np.cos(azimuth),
            np.cos(elevation) * np.sin(azimuth),
            np.sin(elevation),
        ]
    )
    colors = np.array(_COLORS, dtype=object)[labels % len(_COLORS)]
    for is_near, alpha, size in ((False, 0.22, 8), (True, 0.9, 13)):
        chosen = (embeddings @ toward > 0) == is_near
        axes.scatter(
            *(1.01 * embeddings[chosen].T),
            c=colors[chosen].tolist(),
            s=size,
            alpha=alpha,
            lw=0,
            depthshade=False,
        )
    for label, center in enumerate(centers.T):
        color = _COLORS[label % len(_COLORS)]
        alpha = 1.0 if center @ toward > 0 else 0.3
        axes.plot(
            *np.stack([1.02 * center, 1.3 * center]).T,
            color=color,
            lw=2.2,
            alpha=alpha,
            solid_capstyle="round",
        )
