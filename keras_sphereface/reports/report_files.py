"""The files of an evaluation: report.json and report.html."""

from pathlib import Path

from keras_sphereface.evaluation.comparison import compare_full_reports
from keras_sphereface.evaluation.verification_report import compare_reports
from keras_sphereface.files import write_json
from keras_sphereface.reports.html_report import write_html_report


def write_full_reports(
    workdir, full_reports: dict, *, resamples: int = 1000
) -> str:
    """Writes `report.json` and `report.html`, and returns the tables.

    With several models each is compared with the first. `operating_points` in
    `report.json` are those of the only model, ready for
    `export.read_operating_points`; with several, each has its own under
    `models`.

    Args:
        workdir: str or path of a folder; made if it is missing.
        full_reports: dict of str to `FullReport`, of the same pairs.
        resamples: int, draws of people behind the differences; `0` leaves
            them out. Defaults to `1000`.

    Returns:
        str, what a terminal should show.
    """
    workdir = Path(workdir)
    first, *others = full_reports.values()
    comparisons = [
        compare_full_reports(first, other, resamples=resamples)
        for other in others
        if resamples
    ]
    models = {name: one.to_dict() for name, one in full_reports.items()}
    content = {"models": models}
    if not others:
        content = {"model": next(iter(models)), **first.to_dict()}
    content["comparisons"] = [one.to_dict() for one in comparisons]
    title = f"Verification: {', '.join(full_reports)}"
    write_html_report(workdir / "report.html", full_reports, comparisons, title)
    write_json(workdir / "report.json", content)
    parts = [str(one) for one in full_reports.values()]
    if others:
        reports = {name: one.report for name, one in full_reports.items()}
        parts = [compare_reports(reports), *map(str, comparisons)]
        parts += [
            f"{name} {group}"
            for name, one in full_reports.items()
            for group in one.groups
        ]
    parts.append(f"{workdir / 'report.json'} and {workdir / 'report.html'}")
    return "\n\n".join(parts)
