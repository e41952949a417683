import importlib
import pathlib
import sys
import types

import numpy as np
import pytest

import keras_sphereface as ks

TOOLS = pathlib.Path(__file__).parents[2] / "tools"


@pytest.fixture(scope="module")
def tool():
    """What stands behind the flags."""
    sys.path.insert(0, str(TOOLS))
    yield importlib.import_module("quality_curve")
    sys.path.remove(str(TOOLS))


@pytest.fixture(scope="module")
def faces():
    """Crops in which everyone has shades of their own, and who is on them."""
    random = np.random.default_rng(0)
    shades = random.uniform(60, 200, (12, 8, 8, 1))
    crops = np.kron(np.repeat(shades, 4, axis=0), np.ones((1, 6, 6, 3)))
    crops += random.normal(0, 6, crops.shape)
    return crops.astype(np.uint8), np.repeat(np.arange(12), 4)


def embed(crops):
    """Unit vectors of the shades, which nobody knows in a blurred crop."""
    shades = np.asarray(crops, np.float32)[:, 3::6, 3::6].reshape(
        len(crops), -1
    )
    shades = shades - shades.mean(axis=1, keepdims=True)
    return shades / (np.linalg.norm(shades, axis=1, keepdims=True) + 1e-9)


def test_every_spoiled_copy_is_another_crop(tool, faces):
    crop = faces[0][0]
    random = np.random.default_rng(0)
    spoiled_faces = importlib.import_module("spoiled_faces")
    for kind, (_, strengths) in spoiled_faces.SPOILED.items():
        errors = []
        for strength in strengths:
            spoiled = spoiled_faces.spoil(crop, kind, strength, random)
            assert spoiled.shape == crop.shape
            assert spoiled.dtype == np.uint8
            errors.append(np.abs(spoiled.astype(float) - crop).mean())
        assert 0 < errors[0] < errors[-1], kind


def test_probes_have_an_image_of_the_same_and_of_another_person(tool):
    people = np.array(["a", "b", "b", "c", "c", "c"])
    random = np.random.default_rng(0)
    probes, same, other = tool.choose(people, 99, random)
    assert sorted(probes) == [1, 2, 3, 4, 5]  # "a" has no other image
    assert (probes != same).all()
    assert (people[probes] == people[same]).all()
    assert (people[probes] != people[other]).all()


def test_all_numbers_and_tables(tool, faces, tmp_path):
    crops, people = faces
    verifier = types.SimpleNamespace(embed=embed)
    report = tool.measure(verifier, crops, people, 10, np.random.default_rng(0))
    kinds = sum(len(strengths) for _, strengths in tool.SPOILED.values())
    assert report["probes"] == 2 * kinds * 10
    assert len(report["refused"]) == 1 + kinds
    assert report["refused"]["dark 0.05"]["defaults"] == 1.0
    first, *closer = report["curve"]
    assert first["refused"] == 0.0
    shares = [row["refused"] for row in closer]
    assert shares == sorted(shares)
    # Poor probes are what is rejected wrongly.
    assert closer[0]["fnmr"] < first["fnmr"]
    assert tool.tables(report).count("\n") == kinds + 5 + len(report["curve"])
    tool.plot(report, tmp_path / "curve.png")
    assert (tmp_path / "curve.png").stat().st_size > 1000


def test_the_curve_equals_counting(tool):
    limits = ks.contract.QualityLimits((0, 1e9), (10, 255), 0.0, 1.0)
    qualities = [
        ks.contract.FaceQuality(1.0, brightness, 9.0, 0.0)
        for brightness in (5.0, 20.0, 30.0, 40.0)
    ]
    (row,) = tool.error_curve(
        [limits],
        qualities,
        np.array([0.0, 0.1, 0.6, 0.7]),
        np.array([0.9, 0.5, 0.1, 0.2]),
        0.5,
    )
    np.testing.assert_allclose(row, [1 / 4, 1 / 3, 1 / 3])


def test_a_folder_without_crops_is_named(tool, tmp_path):
    with pytest.raises(ValueError, match=r"one folder of .* per identity"):
        tool.read_faces(tmp_path, (112, 112))
