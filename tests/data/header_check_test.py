import struct

from faces_in_memory import FacesInMemory
from record_files import encoded

from keras_sphereface.data.header_check import (
    check_headers,
    sample_has_rare_kinds,
)

PNG, BMP = encoded(0, "PNG"), encoded(0, "BMP")


def test_headers_alone_tell_what_must_not_be_decoded():
    bomb = bytearray(PNG)
    bomb[16:24] = struct.pack(">II", 13_000, 13_000)
    faces = FacesInMemory([PNG, encoded(1, "PNG", (8, 6)), b"", bytes(bomb)])
    faults = check_headers(faces)
    assert list(faults) == ["face 1", "face 2", "face 3"]
    assert faults["face 1"] == "8x6 pixels"
    assert faults["face 2"] == "empty file"
    assert not faces.has_rare_kinds
    faces = FacesInMemory([PNG, BMP])
    assert check_headers(faces) == {}
    assert faces.has_rare_kinds


def test_a_sample_tells_what_most_sets_are():
    assert not sample_has_rare_kinds(FacesInMemory([PNG] * 200))
    assert sample_has_rare_kinds(FacesInMemory([BMP] * 200))
    assert sample_has_rare_kinds(FacesInMemory([OSError(5, "gone")]))
