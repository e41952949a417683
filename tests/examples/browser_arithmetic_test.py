"""What the page computes without a browser, in Node.js, against Python."""

import json
import pathlib
import shutil
import subprocess

import numpy as np
import pytest

from keras_sphereface.contract.picture_view import PictureView
from keras_sphereface.edge import Gallery
from keras_sphereface.edge.blazeface import anchor_centers, decode_blazeface
from keras_sphereface.edge.blazeface import five_of_six_points as five_of_six
from keras_sphereface.edge.box_suppression import keep_sure, suppress
from keras_sphereface.edge.model_identity import ModelIdentity
from keras_sphereface.edge.view_plan import plan_levels

PAGE = pathlib.Path(__file__).parents[2] / "examples" / "browser"
pytestmark = pytest.mark.skipif(not shutil.which("node"), reason="no Node.js")
# Whole, turned by a quarter and by less, small, and past the border.
VIEWS = [
    (159.5, 119.5, 320, 0),
    (159.5, 119.5, 320, 90),
    (159.5, 119.5, 320, -45),
    (100.3, 75.2, 211.3, 17.5),
    (10.3, 5.2, 111.3, -17.5),
    (150, 100, 30, 3),
    (500, 100, 30, 0),
]


def node(program, folder):
    """What a program prints; `page(name)` brings a module of the page."""
    start = (
        'import fs from "node:fs";\n'
        f"const page = (name) => import({json.dumps(PAGE.as_uri())} + name);\n"
        f"process.chdir({json.dumps(str(folder))});\n"
    )
    done = subprocess.run(
        ["node", "--input-type=module", "--no-warnings", "-e", start + program],
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout or "null")


def test_views_have_the_pixels_that_python_cuts(tmp_path):
    picture = np.random.default_rng(0).integers(0, 256, (240, 320, 3), np.uint8)
    (tmp_path / "picture").write_bytes(picture.tobytes())
    node(
        f"""
const {{ PictureView }} = await page("/picture_view.js");
const pixels = new Uint8Array(fs.readFileSync("picture"));
const picture = {{ width: 320, height: 240, pixels }};
{json.dumps(VIEWS)}.forEach((view, index) =>
  fs.writeFileSync(`${{index}}`, new PictureView(...view).cut(picture, 48)));
""",
        tmp_path,
    )
    for index, view in enumerate(VIEWS):
        found = np.frombuffer((tmp_path / f"{index}").read_bytes(), np.uint8)
        expected = PictureView(*view).cut(picture, 48)
        different = found.reshape(expected.shape).astype(int) - expected
        # A fraction that is nearly whole may be cut off on one side only.
        assert np.abs(different).max() <= 1
        assert np.mean(different != 0) < 1e-3


@pytest.mark.parametrize("size", [128, 192])
def test_boxes_are_decoded_and_joined_as_in_python(tmp_path, size):
    num_anchors = {128: 896, 192: 2304}[size]
    generator = np.random.default_rng(size)
    regressors = generator.normal(0, 4, (num_anchors, 16)).astype(np.float32)
    regressors[:, 2:4] += 30
    logits = generator.normal(-2, 2, num_anchors).astype(np.float32)
    (tmp_path / "regressors").write_bytes(regressors.tobytes())
    (tmp_path / "logits").write_bytes(logits.tobytes())
    found = node(
        f"""
const {{ anchorCenters, decodeBlazeFace }} = await page("/blazeface.js");
const {{ keepSure, suppress }} = await page("/box_suppression.js");
const floats = (name) => {{
  const bytes = new Uint8Array(fs.readFileSync(name));
  return new Float32Array(bytes.buffer);
}};
const anchors = anchorCenters({size}, {num_anchors});
const boxes = decodeBlazeFace(
  floats("regressors"), floats("logits"), anchors, 0.5);
console.log(JSON.stringify(suppress(keepSure(boxes, 0.5))));
""",
        tmp_path,
    )
    anchors = anchor_centers(size, num_anchors)
    boxes = decode_blazeface(regressors, logits, anchors, 0.5)
    boxes = boxes._replace(points=five_of_six(boxes.points))
    expected = suppress(keep_sure(boxes, 0.5))
    assert len(found) == len(expected.scores) > 5
    for name, values in (
        ("corners", expected.corners),
        ("points", expected.points),
        ("score", expected.scores),
    ):
        mine = np.array([box[name] for box in found])
        np.testing.assert_allclose(mine, values, atol=1e-9)


@pytest.mark.parametrize("size", [(480, 640), (1111, 333), (90, 70)])
def test_it_looks_where_python_looks(tmp_path, size):
    found = node(
        f"""
const {{ planLevels }} = await page("/view_plan.js");
const picture = {{ width: {size[1]}, height: {size[0]} }};
const levels = planLevels(picture, 20 / 128, 0.05);
console.log(JSON.stringify(
  levels.map(({{ views }}) => views.map(({{ x, y, side }}) => [x, y, side]))));
""",
        tmp_path,
    )
    expected = [
        [[view.x, view.y, view.side] for view in level.views]
        for level in plan_levels(size, 20 / 128, 0.05)
    ]
    assert len(found) == len(expected) > 1
    for mine, views in zip(found, expected, strict=True):
        np.testing.assert_allclose(mine, views, atol=1e-9)


def test_a_gallery_goes_both_ways_with_its_bytes(tmp_path):
    model = ModelIdentity("a" * 64, 8, False, "float32", "0.1.0")
    gallery = Gallery(model)
    generator = np.random.default_rng(0)
    gallery.enrol(["Ann", "Zoé", "Ann"], generator.normal(size=(3, 8)))
    gallery.save(tmp_path / "python.gallery")
    probe = generator.normal(size=8)
    probe /= np.linalg.norm(probe)
    found = node(
        f"""
const {{ Gallery }} = await page("/gallery.js");
const content = new Uint8Array(fs.readFileSync("python.gallery"));
const gallery = await Gallery.load(content);
const best = gallery.search(Float64Array.from({json.dumps(probe.tolist())}));
gallery.enrol("Bob", Float64Array.of(0, 0, 0, 1, 0, 0, 0, 0));
fs.writeFileSync("page.gallery", await gallery.save());
console.log(JSON.stringify(best));
""",
        tmp_path,
    )
    expected = gallery.search(probe, k=2)
    assert [person["name"] for person in found] == expected.names[0]
    scores = [person["score"] for person in found]
    np.testing.assert_allclose(scores, expected.scores[0], atol=1e-6)
    again = Gallery.load(tmp_path / "page.gallery")
    assert (again.model, again.names) == (model, ["Ann", "Zoé", "Bob"])
    np.testing.assert_allclose(
        again.search(probe, k=3).scores[0, :2].max(),
        max(expected.scores[0].max(), probe[3]),
        atol=1e-6,
    )
