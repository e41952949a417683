import dataclasses

import pytest

from keras_sphereface.downloads import PublicFile

FILE = PublicFile(
    "network",
    url="https://example.org/a/1f/net-1.0-py3-none-any.whl",
    size=2000,
    sha256="a" * 64,
    license="MIT",
    source="https://example.org/net",
    member="net/model.onnx",
    member_size=1500,
    member_sha256="b" * 64,
    trained_on="faces",
    image_size=[112, 96],
    accuracy=0.95,
    accuracy_interval=[0.94, 0.96],
    measured_on="some pairs",
)


def test_a_member_is_the_file():
    assert FILE.file_name == "model.onnx"
    assert (FILE.file_size, FILE.file_sha256) == (1500, "b" * 64)
    whole = dataclasses.replace(
        FILE, member=None, member_size=None, member_sha256=None
    )
    assert whole.file_name == "net-1.0-py3-none-any.whl"
    assert (whole.file_size, whole.file_sha256) == (2000, "a" * 64)


def test_says_license_and_accuracy():
    assert str(FILE).splitlines() == [
        "model.onnx, 1,500 bytes, https://example.org/net",
        "license: MIT",
        "trained on: faces",
        "accuracy: 95.00 % [94.00, 96.00] on some pairs",
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("kind", "camera"),
        ("url", "http://example.org/net.whl"),
        ("url", "https://example.org/net.whl?key=1"),
        ("url", None),
        ("size", 0),
        ("sha256", "A" * 64),
        ("sha256", "a" * 63),
        ("license", ""),
        ("source", None),
        ("member_size", None),
        ("member_sha256", None),
        ("color_order", "GBR"),
        ("accuracy", 95.0),
    ],
)
def test_wrong_values_are_named(name, value):
    with pytest.raises(ValueError, match=f"`{name}` must be"):
        dataclasses.replace(FILE, **{name: value})


def test_a_member_needs_an_archive():
    with pytest.raises(ValueError, match="`member` must be of an archive"):
        dataclasses.replace(FILE, url="https://example.org/model.onnx")
