"""Which test a source file has: its mirror, or a line of CONTRIBUTING.md."""

import pathlib
import re

ROOT = pathlib.Path(__file__).parents[1]
PACKAGE = ROOT / "keras_sphereface"
HEADING = "## Tested through others"
COLUMNS = ["source", "tested by", "why"]


def rows_of(section):
    """Cells of the lines of a Markdown table."""
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines]


def listed_files():
    """`{pattern: (test files, reason)}` of the section in CONTRIBUTING.md."""
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    assert HEADING in text
    header, _, *rows = rows_of(text.split(HEADING)[1].split("\n## ")[0])
    assert header == COLUMNS
    listed = {}
    for source, tests, reason in rows:
        for pattern in re.findall("`(.+?)`", source):
            assert pattern not in listed, f"{pattern} is listed twice"
            listed[pattern] = (re.findall("`(.+?)`", tests), reason)
    return listed


def mirror_of(path):
    """Where the test of a source file is to be."""
    folder = ROOT / "tests" / path.relative_to(PACKAGE).parent
    return folder / f"{path.stem}_test.py"


def name_of(path):
    return path.relative_to(PACKAGE).as_posix()


def files_without_mirror():
    sources = set(PACKAGE.glob("*/**/*.py"))
    return {
        path
        for path in sources
        if path.name != "__init__.py" and not mirror_of(path).is_file()
    }


def test_every_source_file_has_a_test_or_a_line_that_says_which():
    listed = {path for one in listed_files() for path in PACKAGE.glob(one)}
    missing = sorted(map(name_of, files_without_mirror() - listed))
    assert not missing, f"write the mirrored test of {missing}"


def test_no_line_is_left_over():
    without = files_without_mirror()
    for pattern in listed_files():
        found = set(PACKAGE.glob(pattern))
        assert found & without, f"{pattern} needs no line"
        if "*" not in pattern:
            assert len(found) == 1


def test_no_file_is_listed_twice():
    seen = {}
    without = files_without_mirror()
    for pattern in listed_files():
        for path in set(PACKAGE.glob(pattern)) & without:
            assert path not in seen, (
                f"{name_of(path)} is in {pattern} and in {seen[path]}"
            )
            seen[path] = pattern


def test_every_line_names_tests_that_exist_and_a_reason():
    for pattern, (tests, reason) in listed_files().items():
        assert tests, f"{pattern} needs a test"
        assert reason, f"{pattern} needs a reason"
        missing = [n for n in tests if not (ROOT / "tests" / n).is_file()]
        assert not missing, f"{pattern} is tested by {missing}: no such file"
