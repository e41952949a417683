"""One page about a head: what its angles, norms and gradients did."""

from pathlib import Path

import numpy as np

from keras_sphereface.files import new_stream

# Okabe and Ito's colors: told apart by color-blind readers too.
_TARGET, _NEAREST, _NORM, _PAST, _GRADIENT = (
    "#0072B2",
    "#D55E00",
    "#009E73",
    "#6A5ACD",
    "#B07A00",
)
_INK, _QUIET, _GRID = "#222222", "#6E6E6E", "#E6E6E6"


def plot_head_page(snapshots, head, warnings, path):
    """Draws the page of `HeadDiagnostics`.

    Args:
        snapshots: list of `HeadSnapshot`, at least one.
        head: `MarginHead`.
        warnings: dict of str, printed at the foot.
        path: file to write; its ending, `.png`, `.svg` or `.pdf`, is the
            format. It is replaced when the page is complete.

    Returns:
        `pathlib.Path` of the file.
    """
    path = Path(path)
    if path.suffix not in (".png", ".svg", ".pdf"):
        raise ValueError(
            "`path` must end in .png, .svg or .pdf. "
            f"Received: path={str(path)!r}"
        )
    figure = _draw(snapshots, head, warnings)
    with new_stream(path) as stream:
        figure.savefig(stream, format=path.suffix[1:], dpi=150)
    return path


def _draw(snapshots, head, warnings):
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError(
            "Plots need matplotlib: pip install 'keras-sphereface[plots]'"
        ) from error

    # A Figure of its own, without pyplot: no window, no global state.
    figure = Figure(figsize=(11.0, 7.4))
    grid = figure.add_gridspec(
        2,
        6,
        left=0.06,
        right=0.97,
        top=0.83,
        bottom=0.15,
        hspace=0.42,
        wspace=1.0,
    )
    _title(figure, snapshots[-1], head)
    _draw_angles(figure.add_subplot(grid[0, :3]), snapshots)
    _draw_angle_course(figure.add_subplot(grid[0, 3:]), snapshots)
    _draw_norms(figure.add_subplot(grid[1, :2]), snapshots)
    _draw_past_margin(figure.add_subplot(grid[1, 2:4]), snapshots)
    _draw_gradients(figure.add_subplot(grid[1, 4:]), snapshots)
    _foot(figure, warnings)
    return figure


def _title(figure, last, head):
    hyperparameters = ", ".join(
        f"{name.replace('_', ' ')} {getattr(head, name):g}"
        for name in type(head).hyperparameters()
    )
    figure.text(
        0.06,
        0.95,
        type(head).__name__,
        fontsize=17,
        fontweight="bold",
        color=_INK,
    )
    figure.text(
        0.06,
        0.912,
        f"{hyperparameters}  ·  {head.num_classes:,} classes  ·  "
        f"{len(last.norms):,} faces  ·  after epoch {last.epoch}",
        fontsize=10.5,
        color=_QUIET,
    )


def _draw_angles(axes, snapshots):
    first, last = snapshots[0], snapshots[-1]
    _style(axes, "Angles to the centers", "degrees")
    highest = max(100.0, *(s.nearest_angles.max() for s in (first, last)))
    bins = np.linspace(0, min(180.0, highest + 5), 56)
    for name, color in (
        ("target_angles", _TARGET),
        ("nearest_angles", _NEAREST),
    ):
        if len(snapshots) > 1:
            _histogram(
                axes,
                getattr(first, name),
                bins,
                histtype="step",
                color=color,
                lw=1.1,
                ls=(0, (3, 2)),
                alpha=0.75,
            )
        _histogram(axes, getattr(last, name), bins, color=color, alpha=0.72)
    axes.set_xlim(bins[0], bins[-1])
    axes.set_yticks([])
    axes.set_ylim(0, 1.26)
    medians = [
        float(np.median(angles))
        for angles in (last.target_angles, last.nearest_angles)
    ]
    # Names side by side where the medians are too close to carry them.
    is_close = abs(medians[0] - medians[1]) < 0.3 * bins[-1]
    right_first = medians[0] > medians[1]
    for median, text, color, is_left in (
        (medians[0], "right center", _TARGET, not right_first),
        (medians[1], "nearest wrong center", _NEAREST, right_first),
    ):
        if not np.isfinite(median):
            continue
        x, side = median, "center"
        if is_close:
            x = np.mean(medians) + (-1 if is_left else 1) * 0.01 * bins[-1]
            side = "right" if is_left else "left"
        axes.text(
            x,
            1.15,
            f"{text}\n{median:.0f}°",
            color=color,
            ha=side,
            va="center",
            fontsize=9.5,
            fontweight="bold",
            linespacing=1.3,
        )
    if len(snapshots) > 1:
        _note(axes, f"each to its own height; dashed: epoch {first.epoch}")


def _histogram(axes, values, bins, **style):
    """Counts as a share of the highest, so that shapes compare."""
    counts, _ = np.histogram(values, bins)
    weights = np.full(len(values), 1 / max(counts.max(), 1))
    axes.hist(values, bins, weights=weights, **style)


def _draw_angle_course(axes, snapshots):
    _style(axes, "Angles, epoch by epoch", "epoch")
    for name, color in (
        ("target_angles", _TARGET),
        ("nearest_angles", _NEAREST),
    ):
        _band(axes, snapshots, name, color)
    axes.set_ylim(0, None)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}°")
    _note(axes, "median, and 10 % to 90 % of faces")


def _draw_norms(axes, snapshots):
    _style(axes, "Norms of embeddings", "epoch")
    _band(axes, snapshots, "norms", _NORM)
    medians = [np.median(s.norms) for s in snapshots]
    if max(medians) > 20 * min(medians) > 0:
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    else:
        axes.set_ylim(0, None)
    _end_label(axes, snapshots, medians, _NORM, "{:.3g}")


def _draw_past_margin(axes, snapshots):
    _style(axes, "Faces past the margin", "epoch")
    values = [100 * s.past_margin for s in snapshots]
    _line(axes, snapshots, values, _PAST)
    axes.set_ylim(0, 105)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:g} %")
    _end_label(axes, snapshots, values, _PAST, "{:.0f} %")


def _draw_gradients(axes, snapshots):
    _style(axes, "Gradient of the centers", "epoch")
    values = [np.sqrt((s.center_gradients**2).sum()) for s in snapshots]
    _line(axes, snapshots, values, _GRADIENT)
    axes.set_ylim(0, None)
    _end_label(axes, snapshots, values, _GRADIENT, "{:.2g}")


def _foot(figure, warnings):
    texts = list(warnings.values())
    color = "#B22222" if texts else _QUIET
    figure.text(
        0.06,
        0.055,
        "\n".join(f"Warning: {text}" for text in texts) or "No warnings.",
        fontsize=9,
        color=color,
        va="center",
        wrap=True,
        linespacing=1.4,
    )


def _style(axes, title, xlabel):
    axes.set_title(
        title, loc="left", fontsize=11, fontweight="bold", color=_INK, pad=16
    )
    axes.set_xlabel(xlabel, fontsize=9, color=_QUIET)
    axes.tick_params(
        which="both", length=0, pad=5, labelsize=9, labelcolor=_QUIET
    )
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color("#BBBBBB")
    if xlabel == "epoch":
        axes.grid(axis="y", color=_GRID, lw=0.8)
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.margins(x=0.03)
    axes.set_axisbelow(True)


def _band(axes, snapshots, name, color):
    epochs = [s.epoch for s in snapshots]
    low, middle, high = np.array(
        [np.percentile(getattr(s, name), (10, 50, 90)) for s in snapshots]
    ).T
    axes.fill_between(epochs, low, high, color=color, alpha=0.18, lw=0)
    _line(axes, snapshots, middle, color)


def _line(axes, snapshots, values, color):
    axes.plot(
        [s.epoch for s in snapshots],
        values,
        color=color,
        lw=2.2,
        marker="o",
        ms=4.5 if len(snapshots) <= 30 else 0,
        mec="white",
        mew=1.0,
        clip_on=False,
    )


def _end_label(axes, snapshots, values, color, form):
    if not np.isfinite(values[-1]):
        return
    axes.annotate(
        form.format(values[-1]),
        (snapshots[-1].epoch, values[-1]),
        xytext=(0, 9),
        textcoords="offset points",
        ha="center",
        fontsize=9.5,
        fontweight="bold",
        color=color,
        annotation_clip=False,
    )


def _note(axes, text):
    axes.text(
        0.0,
        1.035,
        text,
        transform=axes.transAxes,
        fontsize=8.5,
        color=_QUIET,
    )
