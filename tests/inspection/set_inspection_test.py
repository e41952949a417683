import io
import json

import numpy as np
import pytest
from PIL import Image
from record_files import write_records

from keras_sphereface.data import ImageFolder, RecordDataset, SyntheticFaces
from keras_sphereface.inspection import (
    faults_of,
    inspect_faces,
    similar_identities,
    write_inspection,
)

RNG = np.random.default_rng(0)


def picture(kind="PNG", gray=False, low=0, high=256, size=(20, 16)):
    pixels = RNG.integers(low, high, (*size, 3), np.uint8)
    if gray:
        pixels[:] = pixels[..., :1]
    return encode(pixels, kind)


def encode(pixels, kind="PNG", **options):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, **options)
    return file.getvalue()


def open_folder(folder, files):
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return ImageFolder(folder, check_images=False)


def test_faults_that_were_put_in_are_found(tmp_path):
    twice, shared, tested = picture(), picture(), picture()
    # The same pixels in another file: only the pixels count.
    pixels = np.array(Image.open(io.BytesIO(shared)))
    again = encode(pixels, compress_level=1)
    assert again != shared
    faces = open_folder(
        tmp_path / "train",
        {
            "ann/1.png": twice,
            "ann/2.png": twice,
            "ann/3.png": shared,
            "bob/1.png": again,
            "bob/2.png": picture(gray=True),
            "bob/3.png": picture(low=0, high=30),
            "cid/1.png": tested,
            "cid/2.png": b"no picture",
            "cid/3.png": picture(size=(30, 16)),
            "dan/1.png": picture(),
        },
    )
    test = open_folder(
        tmp_path / "test", {"eve/1.png": tested, "ann/1.png": picture()}
    )
    seen = []
    report = inspect_faces(faces, test=test, advance=seen.append)
    assert sum(seen) == 12
    counts = report["counts"]
    assert (counts["images"], counts["readable"]) == (10, 9)
    assert counts["identities"] == 4
    each = counts["images_per_identity"]
    assert (each["least"], each["median"], each["most"]) == (1, 2.5, 3)
    assert each["histogram"]["1"] == 1
    assert each["histogram"]["3-4"] == 2
    assert counts["identities_with_fewer_than_3"] == 2
    assert counts["examples_of_them"] == ["cid", "dan"]
    assert list(report["unreadable"]["images"]) == [
        str(tmp_path / "train" / "cid" / "2.png")
    ]
    duplicates = report["duplicates"]
    assert duplicates["superfluous_images"] == 2
    assert duplicates["groups_of_one_identity"] == 1
    assert duplicates["identities_that_share_images"] == [
        {"identities": ["ann", "bob"], "images": 1}
    ]
    images = report["images"]
    assert images["sizes"] == {"20x16": 8, "30x16": 1}
    assert images["share_gray"] == pytest.approx(1 / 9, abs=1e-4)
    assert images["share_dark"] == pytest.approx(1 / 9, abs=1e-4)
    assert sum(images["brightness_histogram"]) == 9
    overlap = report["test_overlap"]
    assert overlap["shared_images"] == 1
    assert overlap["shared_names"] == 1
    assert overlap["names"] == ["ann"]
    assert overlap["images"] == [
        [
            str(tmp_path / "train" / "cid" / "1.png"),
            str(tmp_path / "test" / "eve" / "1.png"),
        ]
    ]
    faults = " ".join(faults_of(report))
    for text in (
        "cannot be read: 1.",
        "there again: 2.",
        "share images, mixed up or one person: 1.",
        "fewer than 3 images: 2.",
        "in training: 1.",
        "training and test: 1.",
        "Sizes of images: 2.",
    ):
        assert text in faults
    page = write_inspection(tmp_path / "out", report, faces, title="<Set>")
    written = json.loads((tmp_path / "out" / "inspection.json").read_text())
    assert written == report
    text = page.read_text("utf-8")
    assert "&lt;Set&gt;" in text
    assert "<script" not in text
    assert "Identities that share images" in text


def test_the_mean_color_is_that_of_the_pixels(tmp_path):
    pixels = RNG.integers(0, 256, (4, 20, 16, 3), np.uint8)
    images = [encode(one) for one in pixels]
    folder = write_records(tmp_path, images, [0, 0, 1, 1], size=(20, 16))
    faces = RecordDataset(folder, check_images=False)
    report = inspect_faces(faces)["images"]
    expected = [pixels[..., c].mean() for c in range(3)]
    np.testing.assert_allclose(report["mean_rgb"], expected, atol=0.01)
    spread = [np.mean([one[..., c].std() for one in pixels]) for c in range(3)]
    np.testing.assert_allclose(report["deviation_rgb"], spread, atol=0.01)


def test_a_clean_set_has_no_faults(tmp_path):
    images, labels = SyntheticFaces(26, 5).load()
    folder = write_records(
        tmp_path / "rec",
        [encode(image, "JPEG", quality=95) for image in images],
        labels.tolist(),
        size=(112, 112),
    )
    report = inspect_faces(RecordDataset(folder, check_images=False))
    assert report["alignment"]["faults"] == []
    assert faults_of(report) == []
    page = write_inspection(tmp_path / "out", report).read_text()
    assert "Nothing was found to be wrong" in page


def test_one_person_under_two_names_is_found_with_an_embedder(tmp_path):
    own = picture(), picture(), picture(), picture()
    faces = open_folder(
        tmp_path / "train",
        {f"{n}/{i}.png": own[n] for n in range(3) for i in range(2)},
    )
    test = open_folder(
        tmp_path / "test", {"x/1.png": own[1], "y/1.png": own[3]}
    )

    def embed(images):
        return images.reshape(len(images), -1).astype(np.float32) - 128

    report = inspect_faces(faces, test=test, embed=embed, threshold=0.9)
    assert report["similar_identities"]["count"] == 0
    assert report["similar_test_identities"]["pairs"] == [
        {"identities": ["1", "x"], "cosine": 1.0}
    ]


def test_similar_identities_are_those_of_a_plain_loop():
    vectors = RNG.normal(size=(40, 8)).astype(np.float32)
    vectors[7] = vectors[3] + 0.1
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    expected = {
        (a, b)
        for a in range(40)
        for b in range(a + 1, 40)
        if float(vectors[a] @ vectors[b]) >= 0.6
    }
    found = similar_identities(vectors, threshold=0.6)
    assert {(a, b) for a, b, _ in found} == expected
    cosines = [cosine for _, _, cosine in found]
    assert cosines == sorted(cosines, reverse=True)
    assert len(similar_identities(vectors, threshold=0.6, limit=1)) == 1
    both = similar_identities(vectors[:3], vectors, threshold=0.999)
    assert {(a, b) for a, b, _ in both} == {(0, 0), (1, 1), (2, 2)}
