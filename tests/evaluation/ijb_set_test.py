import ijb_files
import pytest

from keras_sphereface.evaluation import read_ijb


@pytest.fixture
def folder(tmp_path):
    ijb_files.write_ijb(tmp_path / "IJBC", num_people=2, size=16)
    return tmp_path / "IJBC"


def test_a_published_folder_is_read_whole(tmp_path):
    written = ijb_files.write_ijb(
        tmp_path / "IJBB", num_people=4, size=16, name="ijbb"
    )
    ijb = read_ijb(tmp_path / "IJBB")
    assert ijb.name == "ijbb"
    assert ijb.points.images == ijb.media.images == written["images"]
    assert ijb.points.scores.tolist() == written["scores"]
    assert ijb.media.template_ids.tolist() == written["templates"]
    assert sorted(ijb.galleries) == ["S1", "S2"]
    assert ijb.galleries["S2"].template_ids.tolist() == [2, 4]
    assert ijb.probes.template_ids.tolist() == written["probes"]
    people = [written["people"][i] for i in ijb.subjects.template_ids.tolist()]
    assert ijb.subjects.people.tolist() == people
    assert len(ijb.pairs.ids_a) == 4 * 12


def test_either_part_is_enough(folder):
    pairs = folder / "meta/ijbc_template_pair_label.txt"
    text = pairs.read_text()
    pairs.unlink()
    assert read_ijb(folder).pairs is None
    pairs.write_text(text)
    for path in folder.glob("meta/*.csv"):
        path.unlink()
    ijb = read_ijb(folder)
    assert (ijb.galleries, ijb.probes, ijb.subjects) == ({}, None, None)
    pairs.unlink()
    with pytest.raises(ValueError, match="or the files of 1:N"):
        read_ijb(folder)


def test_files_that_contradict_each_other_are_named(folder):
    meta = folder / "meta"
    media = meta / "ijbc_face_tid_mid.txt"
    cases = [
        (media, "2.jpg", "7.jpg", r"5pts.*one order.*image 2 is '2.jpg'.*'7"),
        (
            meta / "ijbc_template_pair_label.txt",
            "1 3 1",
            "1 99 1",
            r"pair_label.*template 99, 1 such",
        ),
        (
            meta / "ijbc_1N_gallery_G1.csv",
            "\n1,",
            "\n98,",
            r"gallery_G1.*template 98",
        ),
        (
            meta / "ijbc_1N_probe_mixed.csv",
            "\n3,100",
            "\n1,999",
            r"template 1 shows two people.*999",
        ),
    ]
    for path, old, new, message in cases:
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))
        with pytest.raises(ValueError, match=message):
            read_ijb(folder)
        path.write_text(text)
    lines = media.read_text().splitlines(keepends=True)
    media.write_text("".join(lines[:-1]))
    numbers = rf"{len(lines)} and {len(lines) - 1} images"
    with pytest.raises(ValueError, match=rf"one line per image.*{numbers}"):
        read_ijb(folder)


def test_what_is_missing_is_named(folder):
    (folder / "loose_crop/3.jpg").unlink()
    with pytest.raises(ValueError, match=r"image 3 is not in.*'3.jpg', 1 such"):
        read_ijb(folder)
    with pytest.raises(ValueError, match=r"Perhaps one of.*\['IJBC'\].*with 0"):
        read_ijb(folder.parent)
    gallery = folder / "meta/ijbc_1N_gallery_G1.csv"
    for path in (
        folder / "meta/ijbc_1N_probe_mixed.csv",
        folder / "meta/ijbc_face_tid_mid.txt",
    ):
        path.rename(folder / "away")
        with pytest.raises(ValueError, match=path.name):
            read_ijb(folder)
        (folder / "away").rename(path)
    gallery.unlink()
    (folder / "meta/ijbc_1N_gallery_G2.csv").unlink()
    with pytest.raises(ValueError, match=r"gallery_.*beside the probes"):
        read_ijb(folder)
