from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from keras_sphereface.data import ImageFolder, SyntheticFaces, check_alignment
from keras_sphereface.data.alignment_check import warn_if_pairs_unaligned
from keras_sphereface.pairs import PairSet

SHARED = Path(__file__).parents[2] / ".." / "shared" / "faces"
needs_faces = pytest.mark.skipif(
    not SHARED.is_dir(), reason="needs ../shared/faces"
)


def moved(images, *, scale=1.0, x=0.0, y=0.0, turn=0.0):
    """Each image scaled and turned about its center, then shifted."""
    result = []
    for image in images:
        height, width = image.shape[:2]
        angle = np.deg2rad(turn() if callable(turn) else turn)
        matrix = scale * np.array(
            [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
        )
        shift = [v() if callable(v) else v for v in (x, y)]
        inverse = np.linalg.inv(matrix)
        middle = np.array([width / 2, height / 2])
        offset = middle - inverse @ (middle + shift)
        picture = Image.fromarray(image).transform(
            (width, height),
            Image.Transform.AFFINE,
            (*inverse[0], offset[0], *inverse[1], offset[1]),
            Image.Resampling.BILINEAR,
        )
        result.append(np.array(picture))
    return np.stack(result)


@pytest.fixture(scope="module")
def faces():
    paths = sorted((SHARED / "train").glob("*/*.jpg"))[::17]
    return np.stack([np.array(Image.open(path)) for path in paths])


@needs_faces
def test_aligned_faces_have_no_faults(faces):
    for part in (faces, faces[:130], faces[-130:], faces[:, :, ::-1]):
        assert check_alignment(part).faults == []
    # 112x96 and another resolution have the same template.
    assert check_alignment(faces[:, :, 8:-8]).faults == []
    small = [np.array(Image.fromarray(f).resize((64, 64))) for f in faces]
    assert check_alignment(np.stack(small)).faults == []


@needs_faces
@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"y": 5}, "5 pixels too low|6 pixels too low"),
        ({"y": -5}, "pixels too high"),
        ({"x": 9}, "too far right"),
        ({"x": -9}, "too far left"),
        ({"scale": 0.75}, "too small"),
        ({"scale": 1.3}, "too large|too far"),
    ],
)
def test_another_template_is_named(faces, change, fault):
    import re

    faults = check_alignment(moved(faces, **change)).faults
    assert any(re.search(fault, one) for one in faults), faults


@needs_faces
def test_faces_that_are_not_aligned_are_named(faces):
    rng = np.random.default_rng(0)
    wild = moved(
        faces,
        turn=lambda: rng.normal(0, 12),
        x=lambda: rng.normal(0, 7),
        y=lambda: rng.normal(0, 7),
    )
    assert "no eyes are left" in check_alignment(wild).faults[0]


def write(folder, images, people=10):
    for number, image in enumerate(images):
        path = folder / f"{number % people}" / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(path)
    return folder


def test_a_folder_of_crops_that_are_off_warns(tmp_path):
    images, _ = SyntheticFaces(26, 5).load()
    ImageFolder(write(tmp_path / "right", images))
    off = np.roll(images, 12, axis=1)
    with pytest.warns(UserWarning, match="do not look aligned"):
        ImageFolder(write(tmp_path / "wrong", off))
    ImageFolder(tmp_path / "wrong", check_images=False)
    ImageFolder(write(tmp_path / "few", off[:100]))


def test_too_few_images_are_an_error():
    with pytest.raises(ValueError, match="at least 128 images"):
        check_alignment(np.zeros((20, 112, 112, 3), np.uint8))


@needs_faces
def test_a_test_set_is_looked_at_as_a_training_set_is(faces, recwarn):
    columns = [0, 2], [1, 3], [True, False], [0, 1]
    for images in (faces[:140], moved(faces[:100], y=9), faces[:140, :50]):
        warn_if_pairs_unaligned(PairSet(images, *columns), "lfw")
    assert not recwarn.list
    pairs = PairSet(moved(faces[:140], y=9), *columns)
    with pytest.warns(UserWarning, match="The crops of lfw do not .* too low"):
        warn_if_pairs_unaligned(pairs, "lfw")
