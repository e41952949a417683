import pytest

from keras_sphereface.evaluation import (
    read_template_media,
    read_template_pairs,
    read_template_subjects,
)


def write(folder, text, name="meta.txt"):
    path = folder / name
    path.write_text(text)
    return path


def test_media_pairs_and_subjects_are_read(tmp_path):
    media = read_template_media(
        write(tmp_path, "1.jpg 1 69544\n2.jpg 1 69544\n\n3.jpg 7 5\n")
    )
    assert media.images == ["1.jpg", "2.jpg", "3.jpg"]
    assert media.template_ids.tolist() == [1, 1, 7]
    assert media.media_ids.tolist() == [69544, 69544, 5]

    pairs = read_template_pairs(write(tmp_path, "1 11065 1\n1 7 0\n"))
    assert pairs.ids_a.tolist() == [1, 1]
    assert pairs.ids_b.tolist() == [11065, 7]
    assert pairs.is_same.tolist() == [True, False]

    header = "TEMPLATE_ID,SUBJECT_ID,FILENAME,SIGHTING_ID\n"
    one = write(tmp_path, header + "9,2,a.jpg,3\n9,2,b.jpg,4\n", "g1.csv")
    two = write(tmp_path, header + "4,7,c.jpg,5\n", "g2.csv")
    subjects = read_template_subjects(one, two)
    assert subjects.template_ids.tolist() == [4, 9]
    assert subjects.people.tolist() == [7, 2]


@pytest.mark.parametrize(
    ("read", "text", "message"),
    [
        (read_template_media, "", "empty"),
        (
            read_template_media,
            "1.jpg 1 2\n2.jpg 1\n",
            "line 2.*`image template",
        ),
        (read_template_media, "1.jpg one 2\n", "line 1"),
        (read_template_pairs, "1 2 3\n", r"0 or 1.*\[1, 2, 3\]"),
        (read_template_pairs, "1 2\n", "line 1: a line must be"),
        (read_template_pairs, "1 2 1\n1 -2 0\n", "line 2.*'1 -2 0'"),
        (read_template_pairs, "1 2 1\n\n1 2 1 1\n", "line 3: a line"),
        (read_template_pairs, "", "empty"),
        (read_template_subjects, "A,B\n1,2\n", "TEMPLATE_ID.*'A, B'"),
        (read_template_subjects, "", "TEMPLATE_ID.*''"),
        (
            read_template_subjects,
            "TEMPLATE_ID,SUBJECT_ID\n1,x\n",
            "line 2.*'1, x'",
        ),
        (
            read_template_subjects,
            "TEMPLATE_ID,SUBJECT_ID\n1,2\n1,3\n",
            "line 3: template 1 shows two people.*3 and 2",
        ),
        (read_template_subjects, "TEMPLATE_ID,SUBJECT_ID\n", "none in 1 file"),
    ],
)
def test_broken_files_are_named_with_the_line(tmp_path, read, text, message):
    with pytest.raises(ValueError, match=message):
        read(write(tmp_path, text))


def test_text_that_is_not_utf_8_is_named_with_its_line(tmp_path):
    path = tmp_path / "meta.txt"
    path.write_bytes(b"TEMPLATE_ID,SUBJECT_ID\n1,\xe9\n")
    for read in (
        read_template_media,
        read_template_pairs,
        read_template_subjects,
    ):
        with pytest.raises(ValueError, match=r"meta\.txt, line 2: .*UTF-8"):
            read(path)
    path.write_text("1 2 " + "9" * 5000)
    with pytest.raises(ValueError, match="line 1: a line must be"):
        read_template_pairs(path)
