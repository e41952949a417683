import numpy as np
import pytest
from PIL import Image

from keras_sphereface.data import SyntheticFaces
from keras_sphereface.training import DataConfig, load_faces

SMALL = DataConfig(
    image_size=(32, 32),
    synthetic_identities=4,
    synthetic_images=3,
    synthetic_unseen=20,
    synthetic_pairs=10,
)


def test_synthetic_faces_to_verify_are_other_people():
    faces = load_faces(SMALL, seed=3)
    images, labels = faces.source
    assert images.shape == (12, 32, 32, 3)
    assert faces.num_classes == 4
    assert faces.num_images == 12
    assert sorted(set(labels.tolist())) == [0, 1, 2, 3]
    assert len(faces.pairs) == 100
    unseen = SyntheticFaces(20, 8, 3, first_identity=4, image_size=(32, 32))
    expected = {image.tobytes() for image in unseen.load()[0]}
    assert {image.tobytes() for image in faces.pairs.images} <= expected


def test_a_seed_draws_the_same_faces_again():
    first, second, other = (load_faces(SMALL, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.source[0], second.source[0])
    np.testing.assert_array_equal(first.pairs.index_a, second.pairs.index_a)
    assert (first.source[0] != other.source[0]).any()


def test_a_folder_and_its_pairs_are_opened(tmp_path):
    pixels = np.full((112, 112, 3), 90, "uint8")
    for name in ("ann", "bob"):
        (tmp_path / name).mkdir()
        for index in (1, 2):
            path = tmp_path / name / f"{name}_{index:04d}.png"
            Image.fromarray(pixels).save(path)
    (tmp_path / "pairs.txt").write_text("1\nann\t1\t2\nann\t1\tbob\t2\n")
    faces = load_faces(
        DataConfig(
            folder=str(tmp_path),
            pairs=str(tmp_path / "pairs.txt"),
            pairs_root=str(tmp_path),
        )
    )
    assert (faces.num_classes, faces.num_images) == (2, 4)
    assert len(faces.pairs) == 2
    assert faces.pairs_name == "pairs.txt"


def test_images_on_a_list_are_left_out(tmp_path):
    for name in ("ann/1.png", "ann/2.png", "bob/1.png"):
        path = tmp_path / "faces" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((32, 32, 3), 90, "uint8")).save(path)
    (tmp_path / "list.csv").write_text("image\nann/1.png\n")
    faces = load_faces(
        DataConfig(
            folder=str(tmp_path / "faces"),
            image_size=(32, 32),
            leave_out=str(tmp_path / "list.csv"),
        )
    )
    assert (faces.num_classes, faces.num_images) == (2, 2)
    assert faces.labels.tolist() == [0, 1]


def test_a_folder_that_is_missing_is_named(tmp_path):
    with pytest.raises(ValueError, match="nowhere"):
        load_faces(DataConfig(folder=str(tmp_path / "nowhere")))
