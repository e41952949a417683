import dataclasses
import json
import types

import pytest

import keras_sphereface
from keras_sphereface.contract import FaceInput, OperatingPoint
from keras_sphereface.export import read_operating_points
from keras_sphereface.export.artifact_manifest import build_manifest

POINTS = (
    OperatingPoint(0.01, 0.42, 0.9, 300, 300, "unseen faces"),
    OperatingPoint(0.1, 0.25),
)


def build(embedder, operating_points=None, training=None):
    return build_manifest(
        embedder,
        quantization="float16",
        operating_points=operating_points,
        training=training,
    )


def test_the_manifest_describes_the_embedder(make_embedder):
    manifest = build(make_embedder(24, (112, 96)), POINTS, {"head": "v2"})
    assert manifest.input == FaceInput(height=112, width=96)
    assert manifest.embedding_dim == 24
    assert manifest.operating_points == POINTS
    assert manifest.quantization == "float16"
    assert manifest.unit_embeddings is True
    assert manifest.training == {"head": "v2"}
    assert manifest.package_version == keras_sphereface.__version__


def test_operating_points_come_from_a_list_or_a_report(embedder):
    report = types.SimpleNamespace(operating_points=POINTS)
    assert build(embedder, report).operating_points == POINTS
    assert build(embedder, list(POINTS)).operating_points == POINTS
    assert build(embedder).operating_points == ()


@pytest.mark.parametrize("wrong", [0.4, [0.4], {"far": 0.1}, POINTS[0]])
def test_other_operating_points_are_refused(embedder, wrong):
    with pytest.raises(ValueError, match=r"`operating_points` must be a seq"):
        build(embedder, wrong)


@pytest.mark.parametrize("wrong", ["v2", {"head": object()}])
def test_a_training_recipe_that_is_no_json_is_refused(embedder, wrong):
    with pytest.raises(ValueError, match="`training` must"):
        build(embedder, training=wrong)


def test_operating_points_are_read_from_a_report_file(tmp_path):
    path = tmp_path / "report.json"
    points = [dataclasses.asdict(point) for point in POINTS]
    path.write_text(json.dumps({"accuracy": 0.9, "operating_points": points}))
    assert read_operating_points(path) == POINTS


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", r"must be a JSON file.*report\.json"),
        ("[]", r"a list `operating_points`.*report\.json"),
        ('{"operating_points": 3}', "a list `operating_points`"),
        ('{"operating_points": [{"far": 0.1}]}', r"`far` and `threshold`"),
        (
            '{"operating_points": [{"far": 0.1, "threshold": 0, "x": 1}]}',
            r"`far` and `threshold`.*'x'.*operating_points\[0\]",
        ),
        ('{"operating_points": [{"far": 2, "threshold": 0}]}', "`far` must"),
    ],
)
def test_a_report_without_usable_points_is_an_error(tmp_path, content, message):
    path = tmp_path / "report.json"
    path.write_text(content)
    with pytest.raises(ValueError, match=message):
        read_operating_points(path)


def test_a_missing_report_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"none\.json"):
        read_operating_points(tmp_path / "none.json")
