import csv
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from keras_sphereface.alignment import (
    DetectedFace,
    PictureAligner,
    YunetDetector,
    align_folder,
    choose_face,
    read_landmarks,
)
from keras_sphereface.contract import (
    FIVE_POINT_TEMPLATE,
    similarity_transform,
    template_for,
)
from keras_sphereface.data import SyntheticFaces

SHARED = Path(__file__).parents[2] / ".." / "shared" / "faces"
HEADER = "path,x1,y1,x2,y2,x3,y3,x4,y4,x5,y5\n"


def line(name, points):
    return ",".join([name, *(f"{v:.3f}" for v in np.ravel(points))]) + "\n"


def placed(crop, *, turn, scale, middle, size=(300, 400)):
    """A crop somewhere in a larger picture; and the matrix that put it."""
    angle = np.deg2rad(turn)
    matrix = scale * np.array(
        [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    )
    inverse = np.linalg.inv(matrix)
    center = np.array([crop.shape[1], crop.shape[0]]) / 2
    offset = center - inverse @ middle
    picture = Image.fromarray(crop).transform(
        size[::-1],
        Image.Transform.AFFINE,
        (*inverse[0], offset[0], *inverse[1], offset[1]),
        Image.Resampling.BICUBIC,
    )
    return picture, lambda points: (points - center) @ matrix.T + middle


@pytest.fixture
def photographs(tmp_path):
    """Synthetic faces, turned and scaled, and a CSV of their landmarks."""
    source = tmp_path / "photographs"
    text = HEADER
    for number in range(6):
        crop = SyntheticFaces(6, 1).draw(number, 0)
        picture, place = placed(
            crop, turn=15 * number - 40, scale=1.5, middle=(180, 140)
        )
        name = f"person {number % 2}/{number}.png"
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        picture.save(source / name)
        text += line(name, place(FIVE_POINT_TEMPLATE))
    (tmp_path / "landmarks.csv").write_text(text)
    return source


def read_log(folder):
    with open(folder / "alignment.csv", newline="") as file:
        return {row["path"]: row for row in csv.DictReader(file)}


@pytest.mark.parametrize("size", [(112, 112), (112, 96)])
def test_known_landmarks_bring_the_face_back(photographs, tmp_path, size):
    counts = align_folder(
        photographs,
        tmp_path / "out",
        detector="csv",
        model_path=tmp_path / "landmarks.csv",
        size=size,
        quality=0,
    )
    assert counts == {"aligned": 6}
    for number in range(6):
        crop = SyntheticFaces(6, 1).draw(number, 0).astype(int)
        crop = crop[:, 8:-8] if size[1] == 96 else crop
        path = tmp_path / "out" / f"person {number % 2}" / f"{number}.png"
        back = np.array(Image.open(path)).astype(int)
        assert back.shape == (*size, 3)
        # Twice interpolated, and half a pixel between PIL's pixel centers
        # and those of the contract.
        inner = np.s_[20:-20, 20:-20]
        assert np.abs(back[inner] - crop[inner]).mean() < 8
    with Image.open(tmp_path / "out" / "contact_sheet.png") as sheet:
        assert sheet.size == (6 * size[1], size[0])
    points = template_for(*size)
    for row in read_log(tmp_path / "out").values():
        found = np.array(
            [[float(row[f"x{n}"]), float(row[f"y{n}"])] for n in range(1, 6)]
        )
        matrix = similarity_transform(found, points)
        mapped = found @ matrix[:, :2].T + matrix[:, 2]
        np.testing.assert_allclose(mapped, points, atol=0.05)


def test_what_cannot_be_aligned_is_reported(photographs, tmp_path):
    (photographs / "broken.jpg").write_bytes(b"no picture")
    Image.new("RGB", (50, 50)).save(photographs / "empty.png")
    Image.new("RGB", (50, 50)).save(photographs / "odd.png")
    table = tmp_path / "landmarks.csv"
    mirrored = FIVE_POINT_TEMPLATE * [-1, 1] + [112, 0]
    table.write_text(table.read_text() + line("odd.png", mirrored))
    counts = align_folder(
        photographs, tmp_path / "out", detector="csv", model_path=table
    )
    assert counts == {
        "aligned": 6,
        "unreadable": 1,
        "no face": 1,
        "not a face": 1,
    }
    log = read_log(tmp_path / "out")
    assert log["broken.jpg"]["status"] == "unreadable"
    assert log["empty.png"]["status"] == "no face"
    assert log["odd.png"]["status"] == "not a face"
    assert not (tmp_path / "out" / "empty.jpg").exists()


def test_other_files_are_counted_once_with_their_reason(photographs, tmp_path):
    (photographs / "a.gif").write_bytes(b"GIF89a")
    (photographs / "notes.txt").write_text("a text")
    (photographs / "broken.jpg").write_bytes(b"no picture")
    picture = Image.open(photographs / "person 0" / "0.png")
    for name, kind in (("x.jfif", "JPEG"), ("y", "BMP"), ("z.pgm", "PPM")):
        picture.save(photographs / name, kind)
    table = tmp_path / "landmarks.csv"
    for _ in range(2):  # the second time it resumes
        counts = align_folder(
            photographs, tmp_path / "out", detector="csv", model_path=table
        )
        assert counts == {
            "aligned": 6,
            "no face": 3,
            "unreadable": 1,
            "not an image": 2,
        }
    log = read_log(tmp_path / "out")
    assert len(log) == 12
    assert log["a.gif"]["reason"].startswith("GIF, not JPEG")
    assert log["notes.txt"]["status"] == "not an image"
    assert "not an image" in log["broken.jpg"]["reason"]


def test_a_log_without_reasons_is_continued(photographs, tmp_path):
    out, table = tmp_path / "out", tmp_path / "landmarks.csv"
    align_folder(photographs, out, detector="csv", model_path=table)
    lines = (out / "alignment.csv").read_text().splitlines()[:3]
    old = [line.rpartition(",")[0] for line in lines]
    (out / "alignment.csv").write_text("\n".join(old) + "\n")
    (photographs / "a.gif").write_bytes(b"GIF89a")
    counts = align_folder(photographs, out, detector="csv", model_path=table)
    assert counts == {"aligned": 6, "not an image": 1}
    log = read_log(out)
    assert log["a.gif"]["reason"].startswith("GIF")
    assert None not in log["person 0/0.png"]


def _every_second(detect):
    """A detector that finds nothing when it looks again."""
    turns = iter(range(1000))
    return lambda image: [] if next(turns) % 2 else detect(image)


def test_a_stopped_run_resumes(photographs, tmp_path):
    table = read_landmarks(tmp_path / "landmarks.csv")
    faces = iter([table[f"person {n % 2}/{n}.png"][0] for n in (0, 2, 4, 1)])
    calls = []

    def detect(image):
        calls.append(image.shape)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return [next(faces)]

    out = tmp_path / "out"
    # A detector that finds nothing on the second look keeps the first.
    seen_twice = _every_second(detect)
    with pytest.raises(KeyboardInterrupt):
        align_folder(photographs, out, detector=seen_twice)
    with open(out / "alignment.csv", "ab") as file:
        file.write(b"person 1/3.png,alig")  # stopped while it wrote
    (out / "person 0" / "2.jpg").unlink()
    seen = []
    aligner = PictureAligner(photographs, "csv", tmp_path / "landmarks.csv")

    def look_up(image):
        seen.append(image.shape)
        return [table["person 0/0.png"][0]]

    assert aligner("person 0/0.png").status == "aligned"
    counts = align_folder(photographs, out, detector=_every_second(look_up))
    assert counts == {"aligned": 6}
    assert len(seen) == 4  # the crop that is gone, and the three that waited
    written = sorted(p.name for p in out.glob("*/*.jpg"))
    assert written == [f"{n}.jpg" for n in range(6)]


def test_of_several_faces_the_rule_decides():
    points = FIVE_POINT_TEMPLATE
    faces = [
        DetectedFace(np.array([0, 0, 50, 50]), points, 0.8),
        DetectedFace(np.array([90, 90, 20, 20]), points, 0.7),
        DetectedFace(np.array([10, 10, 30, 30]), points, 0.99),
    ]
    for place, rule in enumerate(("largest", "center", "best_score")):
        assert choose_face(faces, (200, 200), rule) is faces[place]
    assert choose_face([], (200, 200), "largest") is None
    with pytest.raises(ValueError, match="`rule` must be one of"):
        choose_face(faces, (200, 200), "first")


def test_the_log_is_a_table_of_landmarks(photographs, tmp_path):
    options = {"detector": "csv", "quality": 0}
    align_folder(
        photographs,
        tmp_path / "a",
        model_path=tmp_path / "landmarks.csv",
        **options,
    )
    align_folder(
        photographs,
        tmp_path / "b",
        model_path=tmp_path / "a" / "alignment.csv",
        **options,
    )
    for path in (tmp_path / "a").glob("*/*.png"):
        other = tmp_path / "b" / path.relative_to(tmp_path / "a")
        np.testing.assert_allclose(
            np.array(Image.open(path)).astype(int),
            np.array(Image.open(other)).astype(int),
            atol=2,
        )


@pytest.mark.slow
def test_several_processes_write_what_one_writes(photographs, tmp_path):
    for workers in (1, 2):
        align_folder(
            photographs,
            tmp_path / str(workers),
            detector="csv",
            model_path=tmp_path / "landmarks.csv",
            workers=workers,
        )
    names = sorted(
        p.relative_to(tmp_path / "1")
        for p in (tmp_path / "1").rglob("*")
        if p.is_file()
    )
    assert len(names) == 8
    for name in names:
        one, two = (tmp_path / n / name for n in "12")
        assert one.read_bytes() == two.read_bytes()


def test_wrong_arguments_are_named(photographs, tmp_path):
    out = tmp_path / "out"
    with pytest.raises(ValueError, match="`source` must be a folder"):
        align_folder(tmp_path / "none", out)
    with pytest.raises(ValueError, match=r"`detector` is not a func.*one of"):
        align_folder(photographs, out, detector="eyes")
    with pytest.raises(ValueError, match="`workers` must be"):
        align_folder(photographs, out, workers=0)
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="must hold photographs"):
        align_folder(tmp_path / "empty", out)
    (photographs / "person 0" / "0.jpg").write_bytes(b"")
    with pytest.raises(ValueError, match="more than the ending"):
        align_folder(photographs, out)
    table = tmp_path / "bad.csv"
    table.write_text("path,x1\n")
    with pytest.raises(ValueError, match="must name the columns"):
        read_landmarks(table)
    table.write_text(HEADER + "a.png,1,2,x,4,5,6,7,8,9,10\n")
    with pytest.raises(ValueError, match="line 2: landmarks must be ten"):
        read_landmarks(table)


def test_yunet_needs_its_model_file(tmp_path):
    pytest.importorskip("cv2")
    with pytest.raises(ValueError, match=r"must be the \.onnx file"):
        YunetDetector(tmp_path / "none.onnx")
    (tmp_path / "bad.onnx").write_bytes(b"no model")
    with pytest.raises(ValueError, match="OpenCV can read"):
        YunetDetector(tmp_path / "bad.onnx")


@pytest.mark.slow
@pytest.mark.skipif(not SHARED.is_dir(), reason="needs ../shared/faces")
def test_mtcnn_undoes_turns_shifts_and_scales_of_real_faces(tmp_path):
    """Fifty faces, placed anywhere; their eyes come back within 3 pixels.

    Back is where the same detector puts them in a crop that was not moved: the
    eyes of a face that looks aside do not lie on the template.
    """
    pytest.importorskip("mtcnn")
    rng = np.random.default_rng(0)
    places = {}
    paths = sorted((SHARED / "test").glob("*/*_0001.jpg"))[:50]
    for number, path in enumerate(paths):
        crop = np.array(Image.open(path))
        for kind, options in (
            ("still", {"turn": 0, "scale": 1, "middle": (200, 200)}),
            (
                "moved",
                {
                    "turn": rng.uniform(-25, 25),
                    "scale": rng.uniform(0.8, 2.0),
                    "middle": rng.uniform(170, 230, 2),
                },
            ),
        ):
            picture, place = placed(crop, size=(400, 400), **options)
            os.makedirs(tmp_path / "in" / kind, exist_ok=True)
            picture.save(tmp_path / "in" / kind / f"{number}.png")
            places[f"{kind}/{number}.png"] = place
    align_folder(tmp_path / "in", tmp_path / "out")
    found = read_landmarks(tmp_path / "out" / "alignment.csv")
    errors = []
    for number in range(len(paths)):
        eyes = []
        for kind in ("still", "moved"):
            name = f"{kind}/{number}.png"
            if not found[name]:
                break
            matrix = similarity_transform(
                found[name][0].landmarks, FIVE_POINT_TEMPLATE
            )
            seen = places[name](FIVE_POINT_TEMPLATE[:2])
            eyes.append(seen @ matrix[:, :2].T + matrix[:, 2])
        if len(eyes) == 2:
            error = np.linalg.norm(eyes[0] - eyes[1], axis=1).mean()
            errors.append(error)
    assert len(errors) >= 45
    assert np.mean(np.array(errors) <= 3) >= 0.95
