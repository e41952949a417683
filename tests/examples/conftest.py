"""Files for the browser page, and the page itself."""

import dataclasses

import browser_page
import keras
import pytest

from keras_sphereface import build_embedding_model
from keras_sphereface.contract import OperatingPoint
from keras_sphereface.data import SyntheticFaces
from keras_sphereface.export import export_litert

LOOSE = OperatingPoint(far=0.1, threshold=-0.5, data="drawn <b>faces</b>")
STRICT = OperatingPoint(
    far=0.001,
    threshold=0.99,
    tar=0.75,
    impostor_pairs=40_000,
    far_interval=(0.0007, 0.0014),
    threshold_interval=(0.95, 1.0),
)


@pytest.fixture(scope="session")
def files(tmp_path_factory):
    """TFLite files of one embedder, and faces."""
    folder = tmp_path_factory.mktemp("models")
    keras.utils.set_random_seed(0)
    embedder = build_embedding_model("mobilefacenet_small", embedding_dim=64)
    faces, _ = SyntheticFaces(4, 3).load()
    flip = dataclasses.replace(STRICT, flip=True)
    for name, options in {
        "face": {"operating_points": (LOOSE, STRICT)},
        "no_points": {},
        "flip": {"operating_points": [flip]},
        "float16": {"quantization": "float16"},
        "dynamic": {"quantization": "dynamic"},
        "int8": {"quantization": "int8", "calibration": faces},
    }.items():
        export_litert(embedder, folder / f"{name}.tflite", **options)
    return browser_page.Files(folder, faces)


@pytest.fixture(scope="session")
def opened():
    with browser_page.browser() as browser:
        yield browser


@pytest.fixture
def page(opened, files):
    """A fresh page; it must not complain, nor ask another host."""
    with browser_page.served(files.folder) as address:
        tab = opened.new_page()
        page = browser_page.FacePage(tab, address)
        assert page.open() == "no-model"
        yield page
        tab.close()
        assert page.complaints == []
        assert page.elsewhere == []
