from keras_sphereface.interop.import_report import ImportReport, WeightRow

MATCHED = WeightRow(
    "stem/kernel", (3, 3, 3, 8), "conv", (8, 3, 3, 3), "matched"
)
MISSING = WeightRow("stem/bias", (8,), "conv.bias", None, "missing")


def test_a_whole_match_is_one_line():
    report = ImportReport("project", "module.", (MATCHED, MATCHED))
    assert report.matched == 2
    assert report.mismatches == []
    assert str(report) == "project, prefix 'module.': 2 of 2 weights match"


def test_the_table_shows_what_does_not_match_up_to_forty():
    report = ImportReport("project", "", (MATCHED, *[MISSING] * 43))
    assert report.matched == 1
    lines = str(report).splitlines()
    assert lines[0] == "project, prefix '': 1 of 44 weights match"
    assert lines[1].count("|") == lines[2].count("|") == 6
    assert lines[3] == "| stem/bias | (8,) | conv.bias |  | missing |"
    assert len(lines) == 3 + 40 + 1
    assert lines[-1] == "and 3 more"


def test_what_was_taken_for_granted_is_said():
    report = ImportReport(
        "project",
        "",
        (MATCHED,),
        color_order="BGR",
        pixel_mean=(103.5, 116.25, 123.0),
        pixel_scale=127.5,
        weights="the average",
    )
    assert str(report).splitlines()[1:] == [
        "taken to be trained on BGR pixels, (pixel - (103.5, 116.25, 123)) / "
        "127.5",
        "weights: the average",
    ]
