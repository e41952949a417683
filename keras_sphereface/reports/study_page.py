"""A web page about a study of heads, in one file."""

from html import escape
from pathlib import Path

from keras_sphereface.evaluation.study_summary import StudySummary
from keras_sphereface.reports.figures import svg_of
from keras_sphereface.reports.html_page import table, write_page
from keras_sphereface.reports.stability_map import stability_figure
from keras_sphereface.reports.study_figures import (
    accuracy_figure,
    angle_figure,
    loss_figure,
)
from keras_sphereface.reports.thumbnails import data_uri


def write_study_page(
    path, summary: StudySummary, *, num_missing: int = 0, title="Heads compared"
) -> Path:
    """Writes table, stability map, curves and angles of a study to one file.

    The page needs no other file, no network and no script.

    Args:
        path: file to write, ending in `.html`; replaced when it is complete.
        summary: `StudySummary`.
        num_missing: int, runs of the study that are not there yet. Defaults to
            `0`.
        title: str. Defaults to `"Heads compared"`.

    Returns:
        `pathlib.Path` of the file.
    """
    arms = summary.arms
    parts = [
        _table(summary, num_missing),
        _section(
            "Stability",
            _rule(summary.degraded_by),
            stability_figure(arms),
            "what became of each head at each learning rate",
        ),
        _section(
            "Accuracy",
            "Ten-fold accuracy on the pairs after each epoch, a line per seed; "
            "gray: all other heads. 0 is the untrained embedder.",
            accuracy_figure(arms),
            "accuracy by epoch",
        ),
        _section(
            "Loss",
            "Mean loss of each epoch, a line per seed. Each panel has its own "
            "scale: losses of different heads do not compare.",
            loss_figure(arms),
            "loss by epoch",
        ),
        _section(
            "Angles",
            "Training faces by their angle to the own center (filled) and to "
            "the nearest other one (line) after training, without the margin; "
            "all seeds together.",
            angle_figure(arms),
            "angles to the centers",
        ),
        _runs(arms),
    ]
    return write_page(path, title, escape(summary.data), parts)


def _table(summary, num_missing):
    notes = [
        "Intervals are Student's 95 % intervals of the mean over seeds. They "
        "say how much the next seed may differ on these faces and these pairs, "
        "not how the heads compare on others.",
    ]
    compared = sum(arm.difference is not None for arm in summary.arms)
    if compared:
        notes.append(
            f"Differences to {summary.baseline} are in percentage points, "
            "seed by seed at the same learning rate. If no head differed from "
            f"it, one in twenty of the {compared} intervals would leave 0 out "
            "by chance."
        )
    if any(run.accuracy is None for arm in summary.arms for run in arm.runs):
        notes.append(
            "A run without an embedder that can be verified counts as a coin, "
            "50 %."
        )
    loud = ""
    if num_missing:
        loud = (
            f'<p class="note loud">{num_missing:,} runs are not there yet.</p>'
        )
    texts = "".join(f"<p>{escape(note)}</p>" for note in notes)
    body = table(summary.rows(), summary.header)
    return f"<section><h2>Heads</h2>{loud}{body}{texts}</section>"


def _rule(degraded_by):
    return (
        "Diverged: the loss or an embedding is not finite. Collapsed: "
        "embeddings are all zeros or of a norm below 0.001, training faces are "
        "more than 90° from their own center on average, or the accuracy is "
        "not above the 95 % interval of chance (a coin, or the untrained "
        f"embedder). Degraded: more than {100 * degraded_by:g} points below "
        "the best of those that differ in margin, learning rate and "
        "detachment only. Trained: all others."
    )


def _section(title, text, figure, alt):
    picture = data_uri("image/svg+xml", svg_of(figure))
    return (
        f"<section><h2>{escape(title)}</h2><p>{escape(text)}</p>"
        f'<div class="scroll"><img alt="{escape(alt)}" src="{picture}"></div>'
        "</section>"
    )


def _runs(arms):
    rows = [
        (
            arm.label,
            f"{arm.learning_rate:g}",
            str(run.seed),
            "-" if run.accuracy is None else f"{100 * run.accuracy:.2f} %",
            outcome,
        )
        for arm in arms
        for run, outcome in zip(arm.runs, arm.outcomes, strict=True)
    ]
    header = ("head", "learning rate", "seed", "ten-fold accuracy", "outcome")
    return f"<section><h2>Runs</h2>{table(rows, header)}</section>"
