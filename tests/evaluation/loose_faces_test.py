import ijb_files
import numpy as np
import pytest
from PIL import Image

from keras_sphereface.contract import StoredImages, align_face, read_image
from keras_sphereface.evaluation import (
    LooseFaces,
    extract_embeddings,
    read_face_points,
)

LINE = "1.jpg 46.06 62.026 87.785 60.323 68.851 77.656 52.162 99.875 86.45 98.6"


def write(folder, text):
    path = folder / "ijbc_name_5pts_score.txt"
    path.write_text(text)
    return path


def test_points_and_scores_are_read(tmp_path):
    points = read_face_points(
        write(tmp_path, f"{LINE} 0.999\n\nb/2.jpg {'1 2 ' * 5}0\n")
    )
    assert points.images == ["1.jpg", "b/2.jpg"]
    assert points.landmarks.shape == (2, 5, 2)
    assert points.landmarks[0, 0].tolist() == [46.06, 62.026]
    assert points.landmarks[0, 4].tolist() == [86.45, 98.6]
    assert points.scores.tolist() == [0.999, 0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty.*ijbc_name"),
        (f"{LINE} 0.9\n{LINE}\n", "line 2: a line must be `image x1"),
        (f"{LINE} nan\n", "line 1.*score"),
        (f"{LINE} -0.1\n", "line 1.*at least 0"),
        (f"{LINE} 0.9 7\n", "line 1"),
        (f"{LINE.replace('62', 'x')} 0.9\n", "ijbc_name_5pts.*line 1"),
    ],
)
def test_broken_lines_are_named(tmp_path, text, message):
    with pytest.raises(ValueError, match=message):
        read_face_points(write(tmp_path, text))


def test_faces_are_cut_out_upright(tmp_path):
    written = ijb_files.write_ijb(tmp_path, num_people=2)
    points = read_face_points(tmp_path / "meta/ijbc_name_5pts_score.txt")
    faces = LooseFaces(tmp_path / "loose_crop", points, size=(112, 96))
    assert len(faces) == len(written["images"])
    for position in (0, len(faces) - 1):
        crop = read_image(tmp_path / "loose_crop" / points.images[position])
        landmarks = written["landmarks"][position]
        np.testing.assert_array_equal(
            faces.read_pixels(position), align_face(crop, landmarks, (112, 96))
        )


def test_a_turned_face_counts_and_points_on_one_place_do_not(tmp_path):
    Image.new("RGB", (8, 8), "red").save(tmp_path / "1.jpg")
    points = read_face_points(write(tmp_path, f"{LINE} 1\n1.jpg {'3 ' * 10}1"))
    points.landmarks[0] *= [-1, 1]  # left and right swapped
    faces = LooseFaces(tmp_path, points)
    assert faces.read_pixels(0).shape == (112, 112, 3)
    with pytest.raises(ValueError, match=r"1\.jpg: `landmarks`.*one point"):
        faces.read_pixels(1)
    (tmp_path / "1.jpg").write_bytes(b"no image")
    with pytest.raises(ValueError, match=r"not an image.*1\.jpg"):
        faces.read_pixels(0)


def test_their_embedding_resumes(tmp_path):
    written = ijb_files.write_ijb(tmp_path, num_people=2)
    points = read_face_points(tmp_path / "meta/ijbc_name_5pts_score.txt")
    faces = LooseFaces(tmp_path / "loose_crop", points)
    seen = []

    def embed(images):
        if len(seen) == 3:
            raise KeyboardInterrupt
        seen.append(len(images))
        return images.reshape(len(images), -1)[:, ::500].astype("float32")

    path = tmp_path / "embeddings.npy"
    with pytest.raises(KeyboardInterrupt):
        extract_embeddings(embed, StoredImages(faces), path, batch_size=2)
    assert not path.exists()
    seen.append("resumes")
    rows = extract_embeddings(
        embed, StoredImages(faces), path, batch_size=2, normalize=True
    )
    # The first image again, then all but the four that were done.
    assert sum(seen[5:]) == len(written["images"]) - 4
    last = faces.read_pixels(len(faces) - 1).ravel()[::500].astype("float64")
    np.testing.assert_allclose(
        rows[-1], last / np.sqrt(sum(last**2)), atol=1e-6
    )
