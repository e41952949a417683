"""What the README shows runs as it stands."""

import pathlib
import re
import shlex
import subprocess
import sys

import numpy as np
import pytest
import tiny_detectors
from PIL import Image

from keras_sphereface.contract import FIVE_POINT_TEMPLATE
from keras_sphereface.edge.landmark_network import _FIVE

ROOT = pathlib.Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
DECISION = re.compile(r"(same person|different people): score")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)


def write_photographs(folder):
    """What the README reads: detectors that see bright spots, and spots."""
    points = np.full((468, 3), 96.0)
    points[10, :2], points[152, :2] = 32, 160
    for group, point in zip(_FIVE, FIVE_POINT_TEMPLATE + 40, strict=True):
        points[list(group), :2] = point
    contents = {
        "face_detection_short_range": tiny_detectors.blazeface(128),
        "face_landmark": tiny_detectors.landmark_network(points=points),
    }
    for name, content in contents.items():
        (folder / f"{name}.tflite").write_bytes(content)
    image = tiny_detectors.spots((240, 320), [(170, 110)], sigma=25)
    for name in ("family", "ann_at_sea", "passport", "party"):
        Image.fromarray(image).save(folder / f"{name}.jpg")


@pytest.mark.slow
def test_python_blocks_run_one_after_the_other(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write_photographs(tmp_path)
    program = "\n".join(code for kind, code in BLOCKS if kind == "python")
    assert program.count("import keras_sphereface as ks") == 1
    exec(compile(program, "README.md", "exec"), {})
    printed = capsys.readouterr().out
    assert "ten-fold accuracy" in printed
    assert DECISION.search(printed)
    assert (tmp_path / "face.tflite").is_file()
    assert (tmp_path / "saved_model" / "saved_model.pb").is_file()


def test_commands_name_files_extras_and_flags_that_exist():
    commands = [
        part.strip()
        for kind, block in BLOCKS
        if not kind
        for line in block.splitlines()
        for part in line.split("&&")
    ]
    assert len(commands) >= 5
    extras = (ROOT / "setup.py").read_text("utf-8")
    for command in commands:
        words = shlex.split(command)
        if words[:2] == ["pip", "install"]:
            extra = re.search(r"\[(\w+)\]", command).group(1)
            assert f'"{extra}": ' in extras
        elif words[1] != "-m":
            script = ROOT / words[1]
            assert script.is_file(), command
            defined = script.read_text("utf-8")
            for flag in words[2:]:
                name = flag.removeprefix("--").split("=")[0]
                name = name.split(".")[0]  # --config.head.margin
                assert f'"{name}"' in defined, f"{script.name} has no {flag}"


def test_the_two_commands_come_first():
    shells = [block for kind, block in BLOCKS[:2] if not kind]
    assert "examples/train_casia.py" in shells[0]
    assert "python -m pytest" in shells[1]


def test_files_that_are_mentioned_exist():
    for path in re.findall(r"`((?:tools|examples)/\w+\.py)`", README):
        assert (ROOT / path).is_file(), path


@pytest.mark.slow
def test_the_quickstart_runs(tmp_path):
    result = subprocess.run(
        [sys.executable, ROOT / "examples" / "quickstart.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=400,
    )
    assert result.returncode == 0, result.stderr[-2000:]
    assert "ten-fold accuracy" in result.stdout
    assert DECISION.match(result.stdout.splitlines()[-1])
