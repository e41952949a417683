"""A web page about a verification run, in one file."""

from html import escape
from pathlib import Path

from keras_sphereface.evaluation import figures
from keras_sphereface.evaluation.image_batches import read_named_image
from keras_sphereface.evaluation.report import side_by_side
from keras_sphereface.evaluation.text_table import far_text
from keras_sphereface.evaluation.thumbnails import data_uri, jpeg_data_uri
from keras_sphereface.files import new_file

_STYLE = """
:root { color-scheme: light; }
body { font: 15px/1.5 system-ui, "Segoe UI", Helvetica, Arial, sans-serif;
  color: #1c1c1c; background: #f6f6f4; margin: 0; }
main { max-width: 1120px; margin: 0 auto; padding: 24px 24px 64px; }
h1 { font-size: 26px; margin: 8px 0 4px; }
h2 { font-size: 19px; margin: 36px 0 10px; }
h3 { font-size: 15px; margin: 20px 0 8px; }
p.lead { color: #555; margin: 0 0 20px; }
section, .card { background: #fff; border: 1px solid #e3e3e0;
  border-radius: 10px; padding: 4px 20px 20px; margin: 16px 0; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: 5px 18px 5px 0; text-align: right; white-space: nowrap;
  border-bottom: 1px solid #ececea; }
th:first-child, td:first-child { text-align: left; }
th { font-weight: 600; color: #555; }
.scroll { overflow-x: auto; }
.note { background: #fff6e0; border-left: 4px solid #e69f00;
  padding: 6px 12px; margin: 6px 0; }
.note.loud { background: #fdebe4; border-color: #d55e00; }
.pictures { display: grid; gap: 16px;
  grid-template-columns: repeat(auto-fill, minmax(min(440px, 100%), 1fr)); }
.pictures img { width: 100%; height: auto; display: block; }
.faces { display: grid; gap: 12px;
  grid-template-columns: repeat(auto-fill, minmax(225px, 1fr)); }
figure { margin: 0; background: #fafaf8; border: 1px solid #ececea;
  border-radius: 8px; padding: 10px; }
figure img { height: 96px; border-radius: 4px; margin-right: 4px; }
figcaption { font-size: 12px; color: #555; overflow-wrap: anywhere; }
figcaption b { color: #1c1c1c; font-size: 14px; }
footer { color: #888; font-size: 13px; margin-top: 32px; }
"""
# Nothing is loaded from anywhere, and no script runs.
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def write_html_report(
    path, examinations: dict, comparisons=(), title="Face verification"
) -> Path:
    """Writes tables, curves, histograms and the hardest pairs to one file.

    The page needs no other file, no network and no script.

    Args:
        path: file to write, ending in `.html`; replaced when it is complete.
        examinations: dict of str to `Examination`, one a model.
        comparisons: sequence of `Comparison`. Defaults to `()`.
        title: str. Defaults to `"Face verification"`.

    Returns:
        `pathlib.Path` of the file.
    """
    path = Path(path)
    if path.suffix != ".html":
        raise ValueError(
            f"`path` must end in .html. Received: path={str(path)!r}"
        )
    if not examinations:
        raise ValueError(
            "`examinations` must have one at least. Received: examinations={}"
        )
    parts = []
    if len(examinations) > 1:
        reports = {name: one.report for name, one in examinations.items()}
        header, rows = side_by_side(reports)
        table = _table(rows, header)
        parts.append(f"<section><h2>Side by side</h2>{table}</section>")
    parts += [
        *map(_comparison, comparisons),
        *(_summary(name, one) for name, one in examinations.items()),
        _curves(examinations),
        *(_hardest(name, one) for name, one in examinations.items()),
    ]
    page = (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width">\n'
        # Without it browsers ask for /favicon.ico.
        '<link rel="icon" href="data:,">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n"
        f"<body>\n<main>\n<h1>{escape(title)}</h1>\n"
        '<p class="lead">Same person if score &ge; threshold. Intervals are '
        "95&nbsp;%, by drawing people again.</p>\n"
        + "\n".join(parts)
        + "\n<footer>keras_sphereface</footer>\n</main>\n</body>\n</html>\n"
    )
    with new_file(path) as temporary:
        temporary.write_text(page, encoding="utf-8")
    return path


def _summary(name, examination):
    report = examination.report
    notes = "".join(
        f'<p class="note{" loud" if "UNSTEADY" in note else ""}">'
        f"{escape(note)}</p>"
        for note in report.notes
    )
    groups = "".join(
        f"<h3>By {escape(group.attribute)}, score &ge; "
        f"{group.threshold:.4f}</h3>{_table(group.rows(), group.header)}"
        for group in examination.groups
    )
    header = ("", "", "95 %", "threshold, or spread")
    rows = [
        (measure, value, interval, where.removeprefix("score >= "))
        for measure, value, interval, where in report.rows()
    ]
    size = report.title.removeprefix(report.name).strip(" ()")
    return (
        f'<section><h2>{escape(name)}</h2><p class="lead">{escape(size)}</p>'
        f"{_table(rows, header)}{notes}{groups}</section>"
    )


def _comparison(comparison):
    return (
        f"<section><h2>{escape(comparison.name_b)} minus "
        f"{escape(comparison.name_a)}</h2><p class='lead'>percentage points, "
        "both on the same draws of people</p>"
        f"{_table(comparison.rows(), comparison.header)}</section>"
    )


def _curves(examinations):
    rocs = {name: one.report.roc for name, one in examinations.items()}
    pictures = [
        figures.roc_figure(rocs, "ROC"),
        figures.det_figure(rocs, "DET"),
    ]
    checked = {name: one.reliability for name, one in examinations.items()}
    pictures.append(
        figures.reliability_figure(checked, "Calibration, held out by fold")
    )
    for name, one in examinations.items():
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


def _hardest(name, examination):
    return (
        f"<section><h2>{escape(name)}: hardest pairs</h2>"
        "<h3>One person, lowest scores</h3>"
        f"{_faces(examination, True)}"
        "<h3>Two people, highest scores</h3>"
        f"{_faces(examination, False)}</section>"
    )


def _faces(examination, is_same):
    pairs = examination.pairs
    cards = []
    for pair in examination.hardest(is_same):
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
            f"{examination.scores[pair]:.4f}</b><br>{names[0]}<br>{names[1]}"
            "</figcaption></figure>"
        )
    return f'<div class="faces">{"".join(cards)}</div>'


def _table(rows, header):
    head = "".join(f"<th>{escape(cell)}</th>" for cell in header)
    body = "".join(
        f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>"
        for row in rows
    )
    return f'<div class="scroll"><table><tr>{head}</tr>{body}</table></div>'
