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


def folder_config(folder, **settings):
    """The config of two people with two pictures each, and two pairs.

    `hard.csv` has another pair of theirs.
    """
    for shade, name in ((90, "ann"), (160, "bob")):
        (folder / name).mkdir()
        pixels = np.full((112, 112, 3), shade, "uint8")
        for index in (1, 2):
            path = folder / name / f"{name}_{index:04d}.png"
            Image.fromarray(pixels).save(path)
    (folder / "pairs.txt").write_text("1\nann\t1\t2\nann\t1\tbob\t2\n")
    (folder / "hard.csv").write_text(
        "image_a,image_b,is_same\nann/ann_0001.png,bob/bob_0002.png,0\n"
    )
    pairs = {
        "pairs": str(folder / "pairs.txt"),
        "pairs_root": str(folder),
    }
    return DataConfig(folder=str(folder), **{**pairs, **settings})


def test_a_folder_and_its_pairs_are_opened(tmp_path):
    faces = load_faces(folder_config(tmp_path))
    assert (faces.num_classes, faces.num_images) == (2, 4)
    assert len(faces.pairs) == 2
    assert list(faces.pair_sets) == ["pairs.txt"]
    assert faces.pairs_name == "pairs.txt"


@pytest.mark.parametrize("main", [None, "hard"])
def test_several_sets_of_pairs_are_opened_the_main_one_first(tmp_path, main):
    files = tuple(str(tmp_path / name) for name in ("pairs.txt", "hard.csv"))
    faces = load_faces(folder_config(tmp_path, pairs=files, main_pairs=main))
    sizes = {name: len(pairs) for name, pairs in faces.pair_sets.items()}
    assert sizes == {"pairs": 2, "hard": 1}
    assert next(iter(sizes)) == faces.pairs_name == (main or "pairs")
    assert faces.pairs is faces.pair_sets[main or "pairs"]


def test_without_pairs_there_is_none(tmp_path):
    faces = load_faces(folder_config(tmp_path, pairs=None, pairs_root=None))
    assert faces.pair_sets == {}
    assert (faces.pairs, faces.pairs_name) == (None, "")


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


def test_a_folder_and_its_pairs_are_resized(tmp_path):
    config = folder_config(
        tmp_path, image_size=(48, 32), stored_size=(112, 112)
    )
    faces, pairs = load_faces(config), load_faces(config).pairs
    images, labels = faces.source.load()
    assert images.shape == (4, 48, 32, 3)
    assert images[:, 0, 0, 0].tolist() == [90, 90, 160, 160]
    assert labels.tolist() == faces.labels.tolist() == [0, 0, 1, 1]
    assert faces.identities == ["ann", "bob"]
    (batch,) = pairs.batches()
    assert batch.shape == (3, 48, 32, 3)
    assert batch[pairs.index_a, 0, 0, 0].tolist() == [90, 90]
    assert batch[pairs.index_b, 0, 0, 0].tolist() == [90, 160]
    assert pairs.pair_people.tolist() == [["ann", "ann"], ["ann", "bob"]]
    assert pairs.names[0].endswith("ann_0001.png")


def test_a_folder_that_is_missing_is_named(tmp_path):
    with pytest.raises(ValueError, match="nowhere"):
        load_faces(DataConfig(folder=str(tmp_path / "nowhere")))
