"""An inspection as JSON and as a web page."""

from html import escape
from pathlib import Path

import numpy as np

from keras_sphereface.contract import ImageError
from keras_sphereface.files import write_json
from keras_sphereface.inspection.labeled_images import LabeledImages
from keras_sphereface.reports.html_page import table, write_page
from keras_sphereface.reports.thumbnails import jpeg_data_uri

_SHOWN = 30
_TILES = 36
_BAR_HEIGHT = 120


def write_inspection(folder, report: dict, faces=None, title="A set") -> Path:
    """Writes `inspection.json` and `inspection.html`.

    Args:
        folder: path of the folder to write to; made if it is missing.
        report: what `inspect_faces` returned.
        faces: the set, in any form of `LabeledImages`, to show some of its
            images, or `None`. Defaults to `None`.
        title: str. Defaults to `"A set"`.

    Returns:
        `pathlib.Path` of the page.
    """
    folder = Path(folder)
    write_json(folder / "inspection.json", report)
    counts = report["counts"]
    lead = (
        f"{counts['readable']:,} readable images of {counts['identities']:,} "
        "identities."
    )
    parts = [
        _verdict(report),
        _counts(counts),
        _images(report["images"]),
        _some_faces(faces),
        _unreadable(report["unreadable"]),
        _duplicates(report["duplicates"]),
        _far(report.get("far_images")),
        _overlap(report.get("test_overlap")),
        _similar("Similar identities", report.get("similar_identities")),
        _similar(
            "Similar in training and test",
            report.get("similar_test_identities"),
        ),
    ]
    return write_page(
        folder / "inspection.html", title, lead, [p for p in parts if p]
    )


def faults_of(report: dict) -> list[str]:
    """What is wrong with a set, in plain words.

    Args:
        report: what `inspect_faces` returned.

    Returns:
        List of str, empty where nothing is.
    """
    counts, duplicates = report["counts"], report["duplicates"]
    images, overlap = report["images"], report.get("test_overlap") or {}
    few = next(v for k, v in counts.items() if k.startswith("identities_with"))
    alignment = report["alignment"] or {"faults": []}
    checks = [
        (report["unreadable"]["count"], "Images that cannot be read"),
        (duplicates["superfluous_images"], "Images that are there again"),
        (
            len(duplicates["identities_that_share_images"]),
            "Pairs of identities that share images, mixed up or one person",
        ),
        (
            report.get("far_images", {}).get("count", 0),
            "Images far from the dominant center of their class",
        ),
        (few, "Identities with fewer than 3 images"),
        (overlap.get("shared_images", 0), "Test images that are in training"),
        (overlap.get("shared_names", 0), "Names that are in training and test"),
        (
            report.get("similar_identities", {}).get("count", 0),
            "Pairs of identities that look like one person",
        ),
        (
            report.get("similar_test_identities", {}).get("count", 0),
            "Test identities that look like one in training",
        ),
    ]
    faults = [f"{text}: {count:,}." for count, text in checks if count]
    if images.get("different_sizes", 1) > 1:
        faults.append(f"Sizes of images: {images['different_sizes']}.")
    faults += [f"Alignment: {fault}." for fault in alignment["faults"]]
    return faults


def _verdict(report):
    faults = faults_of(report)
    notes = "".join(
        f'<p class="note loud">{escape(fault)}</p>' for fault in faults
    )
    not_judged = (
        '<p class="note">Alignment was not judged: it takes 128 images of '
        "one size.</p>"
    )
    checked = "" if report["alignment"] else not_judged
    body = notes or "<p>Nothing was found to be wrong.</p>"
    return f"<section><h2>Findings</h2>{body}{checked}</section>"


def _counts(counts):
    each = counts["images_per_identity"]
    rows = [
        ("images", f"{counts['images']:,}"),
        ("readable", f"{counts['readable']:,}"),
        ("identities", f"{counts['identities']:,}"),
        *(
            (f"images per identity, {name}", f"{each[name]:,}")
            for name in ("least", "median", "mean", "most")
        ),
    ]
    chart = _bars(each["histogram"], "identities by number of images")
    return (
        f"<section><h2>Counts</h2>{table(rows, ('', ''))}"
        f"<h3>Identities by number of images</h3>{chart}</section>"
    )


def _images(images):
    if not images:
        return ""
    sizes = ", ".join(f"{k} ({v:,})" for k, v in images["sizes"].items())
    rows = [
        ("sizes, height x width", sizes),
        ("mean of R, G, B", " ".join(map(str, images["mean_rgb"]))),
        ("deviation of R, G, B", " ".join(map(str, images["deviation_rgb"]))),
        *(
            (text, f"{100 * images[name]:.2f} %")
            for name, text in (
                ("share_gray", "gray"),
                ("share_dark", "dark, mean below 40"),
                ("share_bright", "bright, mean above 215"),
                ("share_flat", "flat, deviation below 15"),
            )
        ),
    ]
    histogram = {
        str(16 * place): count
        for place, count in enumerate(images["brightness_histogram"])
    }
    chart = _bars(histogram, "images by mean brightness")
    return (
        f"<section><h2>Images</h2>{table(rows, ('', ''))}"
        f"<h3>Images by mean brightness</h3>{chart}</section>"
    )


def _bars(counts, label):
    """A bar chart as an image, without script or file."""
    width, top = 56, max(max(counts.values()), 1)
    shapes = []
    for place, (name, count) in enumerate(counts.items()):
        height = _BAR_HEIGHT * count / top
        x = place * width
        shapes.append(
            f'<rect x="{x + 4}" y="{20 + _BAR_HEIGHT - height:.1f}" '
            f'width="{width - 8}" height="{height:.1f}" fill="#0072b2"/>'
            f'<text x="{x + width / 2}" y="{14 + _BAR_HEIGHT - height:.1f}">'
            f"{count}</text>"
            f'<text x="{x + width / 2}" y="{_BAR_HEIGHT + 36}">'
            f"{escape(name.replace(' or more', '+'))}</text>"
        )
    total = len(counts) * width
    return (
        f'<div class="scroll"><svg width="{total}" height="{_BAR_HEIGHT + 44}" '
        f'role="img" aria-label="{escape(label)}" font-size="11" '
        f'text-anchor="middle" fill="#555">{"".join(shapes)}</svg></div>'
    )


def _some_faces(faces):
    if faces is None:
        return ""
    faces = LabeledImages.of(faces)
    count = min(_TILES, len(faces))
    tiles = []
    for position in np.linspace(0, len(faces) - 1, count, dtype=int):
        try:
            pixels = faces.pixels(position)
        except (ImageError, OSError):
            continue
        name = escape(faces.identities[faces.labels[position]])
        tiles.append(
            f'<img alt="{name}" title="{name}" height="72" '
            f'src="{jpeg_data_uri(pixels, 72)}">'
        )
    return f"<section><h2>Some of them</h2><p>{' '.join(tiles)}</p></section>"


def _unreadable(unreadable):
    if not unreadable["count"]:
        return ""
    rows = list(unreadable["images"].items())[:_SHOWN]
    return _section("Unreadable", rows, ("image", "why"), unreadable["count"])


def _duplicates(duplicates):
    if not duplicates["superfluous_images"]:
        return ""
    shared = [
        (*pair["identities"], f"{pair['images']:,}")
        for pair in duplicates["identities_that_share_images"][:_SHOWN]
    ]
    parts = ""
    if shared:
        parts += "<h3>Identities that share images</h3>" + table(
            shared, ("one", "the other", "images")
        )
    for name, text in (
        ("of_several_identities", "The same picture, several identities"),
        ("of_one_identity", "The same picture, one identity"),
    ):
        rows = [(" = ".join(group),) for group in duplicates[name][:_SHOWN]]
        if rows:
            parts += f"<h3>{text}</h3>{table(rows, ('images',))}"
    return f"<section><h2>Duplicates</h2>{parts}</section>"


def _far(far):
    if far is None or not far["count"]:
        return ""
    rows = [(each["image"], each["reason"]) for each in far["images"][:_SHOWN]]
    return _section(
        "Far from the dominant center", rows, ("image", "why"), far["count"]
    )


def _overlap(overlap):
    if overlap is None:
        return ""
    rows = [tuple(pair) for pair in overlap["images"][:_SHOWN]]
    if not rows:
        text = "<p>No test image is in training.</p>"
        return f"<section><h2>Training and test</h2>{text}</section>"
    return _section(
        "Training and test share images",
        rows,
        ("training", "test"),
        overlap["shared_images"],
    )


def _similar(title, similar):
    if similar is None or not similar["count"]:
        return ""
    rows = [
        (*pair["identities"], f"{pair['cosine']:.3f}")
        for pair in similar["pairs"][:_SHOWN]
    ]
    return _section(
        title, rows, ("one", "the other", "cosine"), similar["count"]
    )


def _section(title, rows, header, count):
    more = (
        f"<p>The first {len(rows)} of {count:,}; inspection.json has more.</p>"
        if count > len(rows)
        else ""
    )
    body = table(rows, header)
    return f"<section><h2>{escape(title)}</h2>{body}{more}</section>"
