"""Cleaning by sub-centers, held to angles that were put in."""

import math

import numpy as np
import pytest
from PIL import Image

from keras_sphereface.data import ImageFolder, LeftOutImage
from keras_sphereface.inspection import (
    far_images,
    faults_of,
    inspect_faces,
    write_inspection,
)

# Class 0 has its dominant center at 0 degrees and another at 100; class 1 at
# 200 and 120. The angles of the images, in the order of their names.
CENTERS_AT = [[0, 100], [200, 120]]
IMAGES_AT = {"ann": [5, -70, 110, -80, 30], "bob": [200, 120, 190, 210]}
# -80 is nearer to the dominant center than to the other, and too far; the
# images at 110 and 120 are where the other centers are.
FAR = {"ann/2.png": (0, 110.0), "ann/3.png": (0, 80.0), "bob/1.png": (1, 80.0)}


def on_the_circle(degrees):
    return [math.cos(math.radians(degrees)), math.sin(math.radians(degrees))]


def embed(images):
    """An image holds its angle in its pixels, embeddings are of any norm."""
    angles = images[:, 0, 0, 0] * 2.0 - images[:, 0, 0, 1]
    return np.array([on_the_circle(a) for a in angles]) * 7.0


@pytest.fixture
def faces(tmp_path):
    for name, angles in IMAGES_AT.items():
        for place, angle in enumerate(angles):
            pixels = np.zeros((20, 16, 3), np.uint8)
            pixels[..., 0] = (max(angle, 0) + 1) // 2
            pixels[..., 1] = angle % 2 if angle > 0 else -angle
            path = tmp_path / name / f"{place}.png"
            path.parent.mkdir(exist_ok=True)
            Image.fromarray(pixels).save(path)
    return ImageFolder(tmp_path, check_images=False)


CENTERS = 3 * np.array(
    [[on_the_circle(a) for a in one] for one in CENTERS_AT]
).transpose(2, 0, 1)


@pytest.mark.parametrize("batch_size", [2, 64])
def test_images_beyond_the_angle_are_listed_farthest_first(faces, batch_size):
    seen = []
    found = far_images(
        faces, embed, CENTERS, batch_size=batch_size, advance=seen.append
    )
    assert sum(seen) == 9
    assert {each.image: each.label for each in found} == {
        name: label for name, (label, _) in FAR.items()
    }
    assert found[0].image == "ann/2.png"
    for each in found:
        assert each.angle == pytest.approx(FAR[each.image][1], abs=0.02)
    reasons = {each.image: each.reason for each in found}
    assert reasons["ann/2.png"] == (
        "110.0 degrees from the dominant center of ann, near another center"
    )
    assert reasons["ann/3.png"] == (
        "80.0 degrees from the dominant center of ann"
    )


def test_the_angle_may_be_another(faces):
    found = far_images(faces, embed, CENTERS, largest_angle=100)
    assert [each.image for each in found] == ["ann/2.png"]
    assert far_images(faces, embed, CENTERS, largest_angle=130) == []


def test_one_center_per_class_is_the_dominant_one(faces):
    found = far_images(faces, embed, CENTERS[:, :, 0])
    assert {each.image for each in found} == set(FAR)
    assert "another" not in "".join(each.reason for each in found)


def test_what_cannot_be_read_is_not_listed(faces):
    with open(faces.paths[2], "wb") as file:
        file.write(b"no picture")
    found = far_images(faces, embed, CENTERS)
    assert {each.image for each in found} == set(FAR) - {"ann/2.png"}


def test_the_page_and_the_findings_show_them(faces, tmp_path):
    far = far_images(faces, embed, CENTERS)
    report = inspect_faces(faces, far=far)
    assert report["far_images"]["count"] == 3
    assert report["far_images"]["images"][0]["angle"] == 110.0
    faults = " ".join(faults_of(report))
    assert "far from the dominant center of their class: 3." in faults
    page = write_inspection(tmp_path / "out", report)
    assert "ann/2.png" in page.read_text("utf-8")
    report = inspect_faces(faces, far=[LeftOutImage("x")][:0])
    assert "dominant" not in " ".join(faults_of(report))


@pytest.mark.parametrize("shape", [(2, 3, 2), (2,), (2, 3)])
def test_centers_of_another_set_are_refused(faces, shape):
    with pytest.raises(ValueError, match=r"`centers`.*2 classes.*\(2,"):
        far_images(faces, embed, np.ones(shape))


def test_an_angle_that_cannot_be_is_refused(faces):
    with pytest.raises(ValueError, match=r"`largest_angle`.*\(0, 180\)"):
        far_images(faces, embed, CENTERS, largest_angle=0)
