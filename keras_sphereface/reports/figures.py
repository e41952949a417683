"""Pictures of verification results, as matplotlib figures."""

import io

import numpy as np

from keras_sphereface.evaluation.text_table import percent
from keras_sphereface.reports.figure_style import (
    COLORS,
    QUIET,
    new_figure,
    percent_axis,
    plain_text,
    style_axes,
)

_SIZE = (7.2, 5.2)
# Millions of pairs would make a picture of hundreds of megabytes.
_MOST_STEPS = 4096


def svg_of(figure) -> bytes:
    """The figure as an SVG picture, the same bytes every time.

    Args:
        figure: matplotlib `Figure`.

    Returns:
        bytes.
    """
    import matplotlib

    file = io.BytesIO()
    with matplotlib.rc_context({"svg.hashsalt": "keras_sphereface"}):
        figure.savefig(file, format="svg", metadata={"Date": None})
    return file.getvalue()


def roc_figure(rocs: dict, title: str):
    """ROC curves over a logarithmic false accept rate.

    Args:
        rocs: dict of str to `Roc`.
        title: str.

    Returns:
        matplotlib `Figure`.
    """
    # A decade at least, even if one of a handful of pairs is all there is.
    lowest = min(0.1, *(_lowest_far(roc) for roc in rocs.values()))
    figure, axes = _new_figure(title)
    rates = np.geomspace(lowest, 1, 256)
    axes.plot(rates, rates, color=QUIET, lw=1.2, ls=(0, (4, 3)))
    axes.annotate(
        "chance",
        (0.2, 0.2),
        xytext=(6, -4),
        textcoords="offset points",
        color=QUIET,
        va="top",
    )
    for index, (name, roc) in enumerate(rocs.items()):
        color = COLORS[index % len(COLORS)]
        error = roc.equal_error
        axes.plot(
            *_steps(roc),
            drawstyle="steps-post",
            color=color,
            lw=2.2,
            solid_joinstyle="round",
            label=f"{plain_text(name)}   EER {percent(error)}",
        )
        if error >= lowest:  # 0 has no place on a logarithmic axis
            axes.plot(
                error,
                1 - error,
                "o",
                color=color,
                ms=8,
                mec="white",
                mew=1.6,
                clip_on=False,
                zorder=3,
            )
    axes.set_xscale("log")
    axes.set_xlim(lowest, 1)
    axes.set_ylim(0, 1.005)
    percent_axis(axes.xaxis)
    percent_axis(axes.yaxis)
    axes.set_xlabel("false accept rate (different people accepted)")
    axes.set_ylabel("true accept rate (same person accepted)")
    _legend(figure, len(rocs))
    return figure


def det_figure(rocs: dict, title: str):
    """DET curves: both error rates, both logarithmic.

    Args:
        rocs: dict of str to `Roc`.
        title: str.

    Returns:
        matplotlib `Figure`.
    """
    figure, axes = _new_figure(title)
    lowest = min(0.1, *(_lowest_far(roc) for roc in rocs.values()))
    floor = 0.1
    axes.plot([1e-9, 1], [1e-9, 1], color=QUIET, lw=1.2, ls=(0, (4, 3)))
    for index, (name, roc) in enumerate(rocs.items()):
        far, tar = _steps(roc)
        missed = 1 - tar
        if np.any(missed > 0):
            floor = min(floor, missed[missed > 0].min())
        axes.plot(
            far,
            np.maximum(missed, 1e-12),  # 0 has no place on this axis
            drawstyle="steps-post",
            color=COLORS[index % len(COLORS)],
            lw=2.2,
            label=f"{plain_text(name)}   EER {percent(roc.equal_error)}",
        )
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(lowest, 1)
    axes.set_ylim(floor, 1)
    percent_axis(axes.xaxis)
    percent_axis(axes.yaxis)
    axes.set_xlabel("false accept rate (different people accepted)")
    axes.set_ylabel("false reject rate (same person refused)")
    _legend(figure, len(rocs))
    return figure


def score_figure(scores, is_same, thresholds: dict, title: str):
    """Histograms of genuine and impostor scores, and the thresholds.

    Args:
        scores: float, `[num_pairs]`.
        is_same: bool, `[num_pairs]`.
        thresholds: dict of str to float, lines with their names.
        title: str.

    Returns:
        matplotlib `Figure`.
    """
    figure, axes = _new_figure(title)
    scores = np.asarray(scores, np.float64)
    low, high = scores.min(), scores.max()
    edges = np.linspace(low, high if high > low else low + 1, 61)
    for label, kind, color in (
        ("different people", ~is_same, COLORS[1]),
        ("same person", is_same, COLORS[0]),
    ):
        counts, _ = np.histogram(scores[kind], edges)
        axes.stairs(
            counts / kind.sum(),
            edges,
            fill=True,
            color=color,
            alpha=0.55,
            label=label,
        )
    top = axes.get_ylim()[1]
    for index, (name, threshold) in enumerate(
        sorted(thresholds.items(), key=lambda item: item[1])
    ):
        axes.axvline(threshold, color="#404040", lw=1, ls=(0, (2, 2)))
        axes.annotate(
            name,
            (threshold, top * (0.99 - 0.06 * (index % 6))),
            xytext=(4, 0),
            textcoords="offset points",
            va="top",
            fontsize=8,
            color="#404040",
        )
    axes.set_ylim(0, top)
    percent_axis(axes.yaxis)
    axes.set_xlabel("score")
    axes.set_ylabel("share of the pairs of a kind")
    _legend(figure, 2)
    return figure


def reliability_figure(reliabilities: dict, title: str):
    """Predicted probabilities beside what came true.

    Args:
        reliabilities: dict of str to `Reliability`.
        title: str.

    Returns:
        matplotlib `Figure`.
    """
    figure, axes = _new_figure(title)
    axes.plot([0, 1], [0, 1], color=QUIET, lw=1.2, ls=(0, (4, 3)))
    for index, (name, found) in enumerate(reliabilities.items()):
        lows, highs = np.array(found.intervals).T
        axes.errorbar(
            found.predicted,
            found.observed,
            # Rounding may put an end on the wrong side by a hair.
            yerr=np.maximum([found.observed - lows, highs - found.observed], 0),
            fmt="o-",
            ms=5,
            lw=1.6,
            capsize=3,
            color=COLORS[index % len(COLORS)],
            label=f"{plain_text(name)}   off by "
            f"{percent(found.calibration_error)}",
        )
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1.005)
    percent_axis(axes.xaxis)
    percent_axis(axes.yaxis)
    axes.set_xlabel("predicted probability of one person")
    axes.set_ylabel("share that is one person")
    _legend(figure, len(reliabilities))
    return figure


def _new_figure(title):
    figure = new_figure(_SIZE)
    axes = figure.add_subplot()
    style_axes(axes, title)
    return figure, axes


def _legend(figure, num_curves):
    figure.legend(
        loc="outside lower center", ncols=min(num_curves, 2), frameon=False
    )


def _lowest_far(roc):
    return roc.far[roc.far > 0].min()


def _steps(roc):
    """The highest TAR at each FAR above 0, or at as many as an eye can tell."""
    far = np.unique(roc.far[roc.far > 0])
    if len(far) > _MOST_STEPS:
        rates = np.geomspace(far[0], far[-1], _MOST_STEPS)
        rates[-1] = far[-1]  # Rounding may put it below.
        nearest = np.searchsorted(far, rates, side="right") - 1
        far = far[np.unique(np.maximum(nearest, 0))]
    last = np.searchsorted(roc.far, far, side="right") - 1
    return far, roc.tar[last]
