"""A web page about a verification run, in one file."""

from html import escape
from pathlib import Path

from keras_sphereface.evaluation.text_table import far_text
from keras_sphereface.evaluation.verification_report import side_by_side
from keras_sphereface.pairs.named_images import read_named_image
from keras_sphereface.reports import figures
from keras_sphereface.reports.html_page import table, write_page
from keras_sphereface.reports.thumbnails import data_uri, jpeg_data_uri


def write_html_report(
    path, full_reports: dict, comparisons=(), title="Face verification"
) -> Path:
    """Writes tables, curves, histograms and the hardest pairs to one file.

    The page needs no other file, no network and no script.

    Args:
        path: file to write, ending in `.html`; replaced when it is complete.
        full_reports: dict of str to `FullReport`, one per model.
        comparisons: sequence of `Comparison`. Defaults to `()`.
        title: str. Defaults to `"Face verification"`.

    Returns:
        `pathlib.Path` of the file.
    """
    if not full_reports:
        raise ValueError(
            "`full_reports` must have at least one. Received: full_reports={}"
        )
    parts = []
    if len(full_reports) > 1:
        reports = {name: one.report for name, one in full_reports.items()}
        header, rows = side_by_side(reports)
        body = table(rows, header)
        parts.append(f"<section><h2>Side by side</h2>{body}</section>")
    parts += [
        *map(_comparison, comparisons),
        *(_summary(name, one) for name, one in full_reports.items()),
        _curves(full_reports),
        *(_hardest(name, one) for name, one in full_reports.items()),
    ]
    lead = (
        "Same person if score &ge; threshold. Intervals are 95&nbsp;%, by "
        "drawing people again."
    )
    return write_page(path, title, lead, parts)


def _summary(name, full):
    report = full.report
    notes = "".join(
        f'<p class="note{" loud" if "UNSTEADY" in note else ""}">'
        f"{escape(note)}</p>"
        for note in report.notes
    )
    groups = "".join(
        f"<h3>By {escape(group.attribute)}, score &ge; "
        f"{group.threshold:.4f}</h3>{table(group.rows(), group.header)}"
        for group in full.groups
    )
    header = ("", "", "95 %", "threshold, or spread")
    rows = [
        (measure, value, interval, where.removeprefix("score >= "))
        for measure, value, interval, where in report.rows()
    ]
    size = report.title.removeprefix(report.name).strip(" ()")
    return (
        f'<section><h2>{escape(name)}</h2><p class="lead">{escape(size)}</p>'
        f"{table(rows, header)}{notes}{groups}</section>"
    )


def _comparison(comparison):
    return (
        f"<section><h2>{escape(comparison.name_b)} minus "
        f"{escape(comparison.name_a)}</h2><p class='lead'>percentage points, "
        "both on the same draws of people</p>"
        f"{table(comparison.rows(), comparison.header)}</section>"
    )


def _curves(full_reports):
    rocs = {name: one.report.roc for name, one in full_reports.items()}
    pictures = [
        figures.roc_figure(rocs, "ROC"),
        figures.det_figure(rocs, "DET"),
    ]
    checked = {name: one.reliability for name, one in full_reports.items()}
    pictures.append(
        figures.reliability_figure(checked, "Calibration, held out by fold")
    )
    for name, one in full_reports.items():
        thresholds = {
            f"FAR {far_text(point.far)}": point.threshold
            for point in one.report.operating_points
        }
        pictures.append(
            figures.score_figure(
                one.scores,
                one.pairs.is_same,
                thresholds,
                f"Scores of {name}".replace("$", r"\$"),
            )
        )
    images = "".join(
        f'<img alt="" src="{data_uri("image/svg+xml", figures.svg_of(one))}">'
        for one in pictures
    )
    return (
        "<section><h2>Curves</h2>"
        f'<div class="pictures">{images}</div></section>'
    )


def _hardest(name, full):
    return (
        f"<section><h2>{escape(name)}: hardest pairs</h2>"
        "<h3>One person, lowest scores</h3>"
        f"{_faces(full, True)}"
        "<h3>Two people, highest scores</h3>"
        f"{_faces(full, False)}</section>"
    )


def _faces(full, is_same):
    pairs = full.pairs
    cards = []
    for pair in full.hardest(is_same):
        images, names = [], []
        for index in (pairs.index_a[pair], pairs.index_b[pair]):
            pixels = read_named_image(pairs.images, pairs.names, index)
            # The folder and the file tell enough.
            names.append(escape("/".join(Path(pairs.names[index]).parts[-2:])))
            images.append(
                f'<img alt="{names[-1]}" src="{jpeg_data_uri(pixels)}">'
            )
        cards.append(
            f"<figure>{''.join(images)}<figcaption><b>"
            f"{full.scores[pair]:.4f}</b><br>{names[0]}<br>{names[1]}"
            "</figcaption></figure>"
        )
    return f'<div class="faces">{"".join(cards)}</div>'
