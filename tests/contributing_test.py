"""The recipes of CONTRIBUTING.md are complete: a copy of the package that got
the files of their lists, and nothing else, has the new things."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest
from recipes import RECIPES

ROOT = pathlib.Path(__file__).parents[1]
SUPPORT = ROOT / "tests" / "support"
TEXTS = {"README.md", "CHANGELOG.md"}


def listed(title):
    """The files that the list of a recipe names, the texts apart."""
    content = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    [section] = re.findall(
        rf"^### {title}\n(.*?)^##", content, re.MULTILINE | re.DOTALL
    )
    items = re.findall(r"^- (`[^`]+`:.*(?:\n  .*)*)", section, re.MULTILINE)
    paths = [re.match("`([^`]+)`", item).group(1) for item in items]
    assert set(paths) & TEXTS == {"README.md"}
    assert "`CHANGELOG.md`: a line." in items[-1]
    return [path for path in paths if path not in TEXTS]


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    """What following each recipe in one copy of the package led to."""
    copy = tmp_path_factory.mktemp("copy")
    shutil.copytree(ROOT / "keras_sphereface", copy / "keras_sphereface")
    tests = {}
    for title, (name, templates) in RECIPES.items():
        tests[title] = []
        for path in listed(title):
            target = copy / path.replace("<name>", name)
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("a", encoding="utf-8") as file:
                file.write(templates[path])
            if path.startswith("tests/"):
                tests[title].append(str(target))
    result = subprocess.run(
        [sys.executable, SUPPORT / "followed_recipes.py", json.dumps(tests)],
        cwd=copy,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join([".", str(SUPPORT)]),
        },
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr[-3000:]
    return json.loads(result.stdout.splitlines()[-1])


@pytest.mark.slow
@pytest.mark.parametrize("title", RECIPES)
def test_the_files_of_a_recipe_are_all_it_takes(title, outcomes):
    assert outcomes[title] == ""


@pytest.mark.parametrize("title", RECIPES)
def test_a_recipe_lists_what_is_needed_and_no_more(title):
    _, templates = RECIPES[title]
    assert listed(title) == list(templates)


def test_every_recipe_is_followed_here():
    content = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    titles = re.findall("^### (Add a .*)$", content, re.MULTILINE)
    assert titles == list(RECIPES)


def test_a_head_takes_three_files_and_its_loss_one_more():
    assert len(listed("Add a head")) <= 3
    assert len(listed("Add a loss")) <= 1
