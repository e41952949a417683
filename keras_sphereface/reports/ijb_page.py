"""The files of a run of IJB-B or IJB-C: report.json and report.html."""

from html import escape
from pathlib import Path

from keras_sphereface.evaluation.ijb_report import IjbReport
from keras_sphereface.evaluation.text_table import far_text
from keras_sphereface.files import write_json
from keras_sphereface.reports import figures
from keras_sphereface.reports.html_page import table, write_page
from keras_sphereface.reports.thumbnails import data_uri

_HEADER = ("", "", "95 %", "threshold")


def write_ijb_report(workdir, report: IjbReport) -> str:
    """Writes `report.json` and `report.html`, and returns the tables.

    Args:
        workdir: str or path of a folder; made if it is missing.
        report: `IjbReport`.

    Returns:
        str, what a terminal should show.
    """
    workdir = Path(workdir)
    sections = [
        *_verification(report),
        *map(_identification, report.identification.values()),
        *_insightface(report),
        *_curves(report),
    ]
    notes = "".join(map(_note, report.notes))
    page = workdir / "report.html"
    lead = f"{escape(report.title)}{notes}"
    write_page(page, f"Templates: {report.name}", lead, sections)
    write_json(workdir / "report.json", report.to_dict())
    return f"{report}\n\n{workdir / 'report.json'} and {page}"


def _verification(report):
    found = report.verification
    if found is None:
        return
    lead = "Same person if score &ge; threshold, of templates."
    yield _measures(f"1:1: {found.title}", found, lead)


def _identification(found):
    lead = "Ranks of the probes of people in the gallery."
    return _measures(f"1:N: {found.title}", found, lead)


def _measures(title, found, lead):
    rows = [
        (measure, value, interval, where.removeprefix("score >= "))
        for measure, value, interval, where in found.rows()
    ]
    return _section(title, rows, _HEADER, lead, found.notes)


def _insightface(report):
    rows = report.insightface_rows()
    if rows:
        lead = (
            "For comparison with published tables: TAR where the FAR is "
            "nearest to the rate, and one search in all galleries."
        )
        yield _section("By InsightFace's rules", rows, ("", ""), lead)


def _curves(report):
    found = report.verification
    if found is None:
        return
    thresholds = {
        f"FAR {far_text(point.far)}": point.threshold
        for point in found.operating_points
    }
    pictures = [
        figures.roc_figure({report.name: found.roc}, "ROC"),
        figures.det_figure({report.name: found.roc}, "DET"),
        figures.score_figure(
            report.scores,
            report.is_same,
            thresholds,
            f"Scores of {report.name}".replace("$", r"\$"),
        ),
    ]
    images = "".join(
        f'<img alt="" src="{data_uri("image/svg+xml", figures.svg_of(one))}">'
        for one in pictures
    )
    yield (
        "<section><h2>Curves</h2>"
        f'<div class="pictures">{images}</div></section>'
    )


def _section(title, rows, header, lead, notes=()):
    return (
        f"<section><h2>{escape(title)}</h2><p class='lead'>{lead}</p>"
        f"{table(rows, header)}{''.join(map(_note, notes))}</section>"
    )


def _note(text):
    loud = " loud" if "UNSTEADY" in text else ""
    return f'<p class="note{loud}">{escape(text)}</p>'
