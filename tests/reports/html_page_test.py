import os

import pytest

from keras_sphereface.reports.html_page import table, write_page


def test_a_table_has_a_row_for_each_tuple_and_text_stays_text():
    assert table([("a", "<b>"), ("c", "&")], ("x", "y")) == (
        '<div class="scroll"><table><tr><th>x</th><th>y</th></tr>'
        "<tr><td>a</td><td>&lt;b&gt;</td></tr>"
        "<tr><td>c</td><td>&amp;</td></tr></table></div>"
    )


def test_a_page_holds_its_parts_in_order_and_asks_for_nothing(tmp_path):
    path = write_page(
        tmp_path / "a.html", "A & B", "<b>lead</b>", ["<p>1</p>", "<p>2</p>"]
    )
    text = path.read_text("utf-8")
    assert text.startswith("<!doctype html>")
    assert "<title>A &amp; B</title>" in text
    assert "<h1>A &amp; B</h1>" in text
    assert text.index("<b>lead</b>") < text.index("<p>1</p>\n<p>2</p>")
    assert "default-src 'none'; img-src data:;" in text
    for asks in ("<script", "src=", "http:", "https:", "@import", "url("):
        assert asks not in text


def test_a_page_takes_the_place_of_an_older_one(tmp_path):
    for lead in ("first", "second"):
        path = write_page(str(tmp_path / "a.html"), "t", lead, [])
    assert "second" in path.read_text("utf-8")
    assert list(tmp_path.iterdir()) == [path]


def test_the_ending_must_be_that_of_a_page(tmp_path):
    with pytest.raises(ValueError, match=r"`path` must end in \.html.*a\.txt"):
        write_page(tmp_path / "a.txt", "t", "", [])


def test_a_name_of_other_bytes_than_utf_8_stands_in_a_page(tmp_path):
    name = os.fsdecode(b"Ren\xe9")
    parts = [table([(name,)], ("identity",))]
    path = write_page(tmp_path / "page.html", name, "", parts)
    assert path.read_text("utf-8").count(r"Ren\udce9") == 3
