"""A web page in one file."""

from html import escape
from pathlib import Path

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


def write_page(path, title: str, lead: str, parts) -> Path:
    """Writes a page that needs no other file, no network and no script.

    Args:
        path: file to write, ending in `.html`; replaced when it is complete.
        title: str.
        lead: str, HTML, what stands under the title.
        parts: list of str, HTML, the sections.

    Returns:
        `pathlib.Path` of the file.
    """
    path = Path(path)
    if path.suffix != ".html":
        raise ValueError(
            f"`path` must end in .html. Received: path={str(path)!r}"
        )
    page = (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width">\n'
        # Without it browsers ask for /favicon.ico.
        '<link rel="icon" href="data:,">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n"
        f"<body>\n<main>\n<h1>{escape(title)}</h1>\n"
        f'<p class="lead">{lead}</p>\n'
        + "\n".join(parts)
        + "\n<footer>keras_sphereface</footer>\n</main>\n</body>\n</html>\n"
    )
    with new_file(path) as temporary:
        # File names may be of any bytes, and stand in titles and tables.
        temporary.write_text(page, "utf-8", errors="backslashreplace")
    return path


def table(rows, header) -> str:
    """A table as HTML, wide ones with a scroll bar.

    Args:
        rows: list of tuples of str.
        header: tuple of str.

    Returns:
        str.
    """
    head = "".join(f"<th>{escape(cell)}</th>" for cell in header)
    body = "".join(
        f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>"
        for row in rows
    )
    return f'<div class="scroll"><table><tr>{head}</tr>{body}</table></div>'
