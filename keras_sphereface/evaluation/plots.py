"""The ROC curve as a picture."""

from pathlib import Path

import numpy as np

from keras_sphereface.evaluation.curves import Roc, roc_curve
from keras_sphereface.evaluation.report import VerificationReport
from keras_sphereface.evaluation.text_table import percent
from keras_sphereface.files import new_file

# Okabe and Ito's colors: told apart by color-blind readers too.
_COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00")
_CHANCE_COLOR = "#9A9A9A"


def plot_roc(curves: dict, path, title: str = "Face verification") -> Path:
    """Draws ROC curves over a logarithmic false accept rate.

    The dot on a curve is its equal error rate, where the axis reaches it. A
    curve begins where one impostor pair is accepted: no lower rate was
    measured.

    Args:
        curves: dict of str to `VerificationReport`, `Roc` or
            `(scores, is_same)`.
        path: file to write; its ending, `.png`, `.svg` or `.pdf`, is the
            format. It is replaced when the picture is complete.
        title: str. Defaults to `"Face verification"`.

    Returns:
        `pathlib.Path` of the file.
    """
    path = Path(path)
    if path.suffix not in (".png", ".svg", ".pdf"):
        raise ValueError(
            "`path` must end in .png, .svg or .pdf. "
            f"Received: path={str(path)!r}"
        )
    if not curves:
        raise ValueError(
            "`curves` must have one curve at least. Received: curves={}"
        )
    rocs = {name: _as_roc(name, curve) for name, curve in curves.items()}
    figure = _draw(rocs, title)
    with new_file(path) as temporary:
        figure.savefig(temporary, format=path.suffix[1:], dpi=160)
    return path


def _as_roc(name, curve):
    if isinstance(curve, VerificationReport):
        curve = curve.roc
    if isinstance(curve, Roc):
        return curve
    if isinstance(curve, tuple) and len(curve) == 2:
        scores, is_same = curve
        return roc_curve(scores=scores, is_same=is_same)
    raise ValueError(
        "A curve must be a VerificationReport with its `roc`, a Roc or "
        f"(scores, is_same). Received: curves[{name!r}] of type "
        f"{type(curve).__name__}"
    )


def _draw(rocs, title):
    try:
        from matplotlib.figure import Figure
        from matplotlib.ticker import FuncFormatter, PercentFormatter
    except ImportError as error:
        raise ImportError(
            "Plots need matplotlib: pip install 'keras-sphereface[plots]'"
        ) from error

    # A decade at least, even if one of a handful of pairs is all there is.
    lowest = min(0.1, *(_lowest_far(roc) for roc in rocs.values()))
    # A Figure of its own, without pyplot: no window, no global state.
    figure = Figure(figsize=(7.2, 5.2), layout="constrained")
    axes = figure.add_subplot()
    rates = np.geomspace(lowest, 1, 256)
    axes.plot(rates, rates, color=_CHANCE_COLOR, lw=1.2, ls=(0, (4, 3)))
    axes.annotate(
        "chance",
        (0.2, 0.2),
        xytext=(6, -4),
        textcoords="offset points",
        color=_CHANCE_COLOR,
        va="top",
    )
    for index, (name, roc) in enumerate(rocs.items()):
        color = _COLORS[index % len(_COLORS)]
        error = roc.equal_error
        axes.plot(
            *_steps(roc),
            drawstyle="steps-post",
            color=color,
            lw=2.2,
            solid_joinstyle="round",
            label=f"{name}   EER {percent(error)}",
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
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{100 * x:g} %"))
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, symbol=" %"))
    axes.set_xlabel("false accept rate (different people accepted)")
    axes.set_ylabel("true accept rate (same person accepted)")
    axes.set_title(title, loc="left", fontweight="bold", pad=12)
    axes.grid(which="major", color="#E3E3E3", lw=0.8)
    axes.tick_params(which="both", length=0, pad=6)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.set_axisbelow(True)
    figure.legend(
        loc="outside lower center", ncols=min(len(rocs), 2), frameon=False
    )
    return figure


def _lowest_far(roc):
    return roc.far[roc.far > 0].min()


def _steps(roc):
    """The highest TAR at each FAR above 0."""
    far = np.unique(roc.far[roc.far > 0])
    last = np.searchsorted(roc.far, far, side="right") - 1
    return far, roc.tar[last]
