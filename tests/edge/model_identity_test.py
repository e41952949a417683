import dataclasses

import pytest
from galleries import MODEL

from keras_sphereface.contract import FaceInput, Manifest
from keras_sphereface.edge import ModelIdentity

MANIFEST = Manifest(FaceInput(), 8, checksum="12" * 32, package_version="0.1.0")


def test_it_is_that_of_the_file_and_of_how_it_is_used():
    found = ModelIdentity.of_manifest(MANIFEST, flip=True)
    assert found == ModelIdentity("12" * 32, 8, True, "float32", "0.1.0")


def test_thresholds_measured_again_leave_it():
    again = dataclasses.replace(MANIFEST, model_checksum="34" * 32)
    assert ModelIdentity.of_manifest(again, flip=True).checksum == "34" * 32


def test_it_comes_back_from_a_dict_and_reads_as_words():
    assert ModelIdentity.from_dict(MODEL.to_dict()) == MODEL
    assert str(MODEL) == (
        "float32 abababababab, 8 dimensions, of keras_sphereface 0.1.0"
    )
    flipped = dataclasses.replace(MODEL, flip=True)
    assert "8 dimensions with mirror images" in str(flipped)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("checksum", "abc"),
        ("checksum", 5),
        ("embedding_dim", 0),
        ("embedding_dim", 8.0),
        ("flip", 1),
        ("quantization", None),
        ("package_version", 1),
    ],
)
def test_wrong_values_are_refused(name, value):
    with pytest.raises(ValueError, match=rf"`{name}`.*Received: {name}="):
        dataclasses.replace(MODEL, **{name: value})
    with pytest.raises(ValueError, match=rf"`{name}`"):
        ModelIdentity.from_dict({**MODEL.to_dict(), name: value})
