import functools
import importlib.util
import json
import pathlib
import pickle
import re
import subprocess
import sys

import pytest
from absl import flags
from ml_collections import config_flags
from PIL import Image

from keras_sphereface import build_embedding_model, heads, optimizers
from keras_sphereface.data import SyntheticFaces
from keras_sphereface.edge import FaceVerifier
from keras_sphereface.training import from_config_dict

SCRIPT = pathlib.Path(__file__).parents[2] / "examples" / "train_casia.py"
ARTIFACTS = {
    "embedder.keras",
    "face.tflite",
    "face.tflite.parity.json",
    "face.tflite.parity.md",
    "history.csv",
    "identities.json",
    "recognizer.keras",
    "report.html",
    "report.json",
    "roc.png",
    "saved_model.parity.json",
    "saved_model.parity.md",
    "saved_model",
    "verdicts.png",
}


def run(*flags, script=SCRIPT):
    result = subprocess.run(
        [sys.executable, script, *flags], capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr[-3000:]
    return result.stdout


def write_faces(folder, faces, letter):
    for identity in range(faces.num_classes):
        name = f"{letter}{identity:02d}"
        (folder / name).mkdir(parents=True)
        for index in range(faces.images_per_identity):
            image = Image.fromarray(faces.draw(identity, index))
            image.save(folder / name / f"{name}_{index + 1:04d}.png")


def write_pairs(folder):
    """Other pairs of the same people in LFW's format and as a .bin."""
    lines, images, is_same = ["10\t2"], [], []
    for fold in range(10):
        a, b = f"u{2 * fold:02d}", f"u{2 * fold + 1:02d}"
        lines += [f"{a}\t1\t2", f"{b}\t1\t3"]
        lines += [f"{a}\t1\t{b}\t1", f"{a}\t3\t{b}\t2"]
        for one, other in ((a, a), (b, b), (a, b), (b, a)):
            for name, number in ((one, 2), (other, 3)):
                path = folder / "test" / name / f"{name}_{number:04d}.png"
                images.append(path.read_bytes())
            is_same.append(one == other)
    (folder / "pairs.txt").write_text("\n".join(lines) + "\n")
    (folder / "hard.bin").write_bytes(pickle.dumps((images, is_same)))


@pytest.mark.slow
def test_trains_and_exports_from_a_folder_and_sets_of_pairs(tmp_path):
    write_faces(tmp_path / "train", SyntheticFaces(8, 5), "t")
    write_faces(tmp_path / "test", SyntheticFaces(20, 3, first_identity=8), "u")
    write_pairs(tmp_path)
    printed = run(
        f"--data_dir={tmp_path / 'train'}",
        f"--pairs={tmp_path / 'pairs.txt'}",
        f"--pairs={tmp_path / 'hard.bin'}",
        f"--pairs_root={tmp_path / 'test'}",
        "--config.data.main_pairs=hard",
        f"--workdir={tmp_path / 'run'}",
        "--config.embedder.embedding_dim=32",
        "--config.epochs=1",
        "--config.batch_size=20",
        "--config.head.margin=0.3",
        "--config.head.name=arcface",
        "--config.optimizer.name=adamw",
        "--config.optimizer.beta_2=0.99",
        "--config.verification.every_epochs=1",
        "--config.strategy=mirrored",
        "--config.cpu_devices=2",
    )
    for name in ("hard, untrained", "hard, trained", "pairs, trained"):
        assert name in printed
    artifacts = {path.name for path in (tmp_path / "run").iterdir()}
    assert artifacts == {*ARTIFACTS, "best_embedder.keras"}
    report = json.loads((tmp_path / "run" / "report.json").read_text("utf-8"))
    assert report["config"]["head"] == {
        **heads.defaults("arcface"),
        "name": "arcface",
        "margin": 0.3,
    }
    assert report["config"]["optimizer"]["beta_2"] == 0.99
    assert report["replicas"] == 2
    assert report["data"]["num_images"] == 40
    assert report["artifacts"]["litert"]["pairs"]["score_error"] < 1e-4
    assert list(report["pairs"]) == ["hard", "pairs"]
    assert report["after"] == report["pairs"]["hard"]["after"]
    for name, each in report["pairs"].items():
        last = report["history"][-1][f"{name}_verification_accuracy"]
        assert last == each["after"]["accuracy"]
    points = FaceVerifier(
        tmp_path / "run" / "face.tflite"
    ).manifest.operating_points
    assert {point.data for point in points} == {"hard"}
    page = (tmp_path / "run" / "report.html").read_text("utf-8")
    for name in report["pairs"]:
        assert f"<h2>{name}: hardest pairs</h2>" in page


RECIPES = sorted((SCRIPT.parent / "configs").glob("*.py"))


@functools.cache
def parse(recipe, *arguments):
    """The config of a command line, read as the script reads it."""
    values = flags.FlagValues()
    arguments = ["program", f"--config={recipe}", *arguments]
    holder = config_flags.DEFINE_config_file(
        "config",
        flag_values=values,
        sys_argv=arguments,
        lock_config=False,
        accept_new_attributes=True,
    )
    values(arguments)
    return from_config_dict(holder.value)


@pytest.mark.parametrize("name", heads.names())
@pytest.mark.parametrize("recipe", RECIPES, ids=lambda path: path.stem)
def test_every_head_takes_the_place_of_a_recipe_s(recipe, name):
    before = parse(recipe)
    config = parse(recipe, f"--config.head.name={name}")
    reported = config.to_dict()["head"]
    if name == before.head.name:
        assert config == before
    else:
        # Nothing is left of the head that the recipe was written for.
        assert reported == {"name": name, **heads.defaults(name)}
    head = heads.get(name, 10, **config.head.arguments)
    found = head.get_config()
    assert reported == {
        "name": name,
        **{argument: found[argument] for argument in heads.defaults(name)},
    }


@pytest.mark.parametrize("name", heads.names())
def test_what_is_typed_is_of_the_new_head_in_any_order(name):
    typed = (f"--config.head.name={name}", "--config.head.loss_weight=2")
    expected = {**heads.defaults(name), "loss_weight": 2}
    for order in (1, -1):
        assert parse(RECIPES[0], *typed[::order]).head.arguments == expected


@pytest.mark.parametrize("name", optimizers.names())
@pytest.mark.parametrize("recipe", RECIPES, ids=lambda path: path.stem)
def test_every_optimizer_takes_the_place_of_a_recipe_s(recipe, name):
    before = parse(recipe).optimizer
    optimizer = parse(
        recipe,
        f"--config.optimizer.name={name}",
        f"--config.optimizer.warmup_epochs={0 if name == 'ftrl' else 1}",
    ).optimizer
    if name == before.name:
        assert optimizer == before
    else:
        defaults = optimizers.defaults(name)
        found = {
            argument: optimizer.to_dict()[argument] for argument in defaults
        }
        assert found == defaults
        assert optimizer.milestones == before.milestones


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_every_recipe_is_a_config_that_says_what_to_expect(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    recipe = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(recipe)
    for word in ("Command: python examples/", "Time: ", "Result: "):
        assert word in recipe.__doc__
    assert path.stem == "demo" or f"configs/{path.name}" in recipe.__doc__
    config = from_config_dict(recipe.get_config())
    # The parts exist: an unknown argument would be an error.
    heads.get(config.head.name, 10, **config.head.arguments)
    embedder = build_embedding_model(
        config.embedder.backbone,
        config.embedder.embedding_dim,
        image_size=config.data.image_size,
        batch_norm=config.embedder.batch_norm,
        **config.embedder.arguments,
    )
    assert embedder.output_shape[-1] == config.embedder.embedding_dim


@pytest.mark.slow
def test_your_own_model_learns_with_our_head():
    script = SCRIPT.with_name("user_code_fit.py")
    printed = run(script=script)
    losses = [float(x) for x in re.findall(r"loss: ([\d.]+)", printed)]
    assert len(losses) == 5
    assert losses[-1] < losses[0]


@pytest.mark.slow
def test_an_unknown_setting_is_an_error(tmp_path):
    result = subprocess.run(
        [sys.executable, SCRIPT, "--config.head.easy_margin=true"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert result.returncode != 0
    assert "easy_margin" in result.stderr


def test_a_missing_folder_is_named(tmp_path):
    result = subprocess.run(
        [sys.executable, SCRIPT, f"--data_dir={tmp_path / 'nowhere'}"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert result.returncode != 0
    assert "nowhere" in result.stderr


@pytest.mark.slow
def test_the_first_command_learns_to_verify_people_it_never_saw(tmp_path):
    printed = run(f"--workdir={tmp_path}")
    report = json.loads((tmp_path / "report.json").read_text("utf-8"))
    assert report["before"]["accuracy"] <= 0.70
    assert report["after"]["accuracy"] >= 0.90
    assert report["artifacts"]["litert"]["pairs"]["score_error"] < 1e-4
    assert len(re.findall(r"given .*, it is right in \d", printed)) == 2
    assert len(re.findall(r" (person|people), score .*, prob", printed)) == 8
    assert ", STEADY: it rests on " in printed
    faces = SyntheticFaces(1, 2, first_identity=5000)
    verifier = FaceVerifier(tmp_path / "face.tflite")
    assert verifier.verify(faces.draw(0, 0), faces.draw(0, 0)).same
