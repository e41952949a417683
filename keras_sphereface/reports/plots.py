"""ROC and DET curves as picture files."""

from pathlib import Path

from keras_sphereface.evaluation.curves import Roc, roc_curve
from keras_sphereface.evaluation.verification_report import VerificationReport
from keras_sphereface.files import new_stream
from keras_sphereface.reports.figures import det_figure, roc_figure


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
    return _plot(roc_figure, curves, path, title)


def plot_det(curves: dict, path, title: str = "Face verification") -> Path:
    """Draws DET curves: false rejects over false accepts, both logarithmic.

    Args:
        curves: as in `plot_roc`.
        path: as in `plot_roc`.
        title: str. Defaults to `"Face verification"`.

    Returns:
        `pathlib.Path` of the file.
    """
    return _plot(det_figure, curves, path, title)


def _plot(figure_of, curves, path, title):
    path = Path(path)
    if path.suffix not in (".png", ".svg", ".pdf"):
        raise ValueError(
            "`path` must end in .png, .svg or .pdf. "
            f"Received: path={str(path)!r}"
        )
    if not curves:
        raise ValueError(
            "`curves` must have at least one curve. Received: curves={}"
        )
    rocs = {name: _as_roc(name, curve) for name, curve in curves.items()}
    figure = figure_of(rocs, title)
    with new_stream(path) as stream:
        figure.savefig(stream, format=path.suffix[1:], dpi=160)
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
