import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from keras_sphereface.edge.tflite_file import (
    read_metadata,
    replace_metadata,
)


def test_metadata_is_what_the_generated_schema_reads(exported):
    content = exported.path.read_bytes()
    model = schema.Model.GetRootAs(content)
    assert model.MetadataLength() >= 2
    for index in range(model.MetadataLength()):
        entry = model.Metadata(index)
        expected = model.Buffers(entry.Buffer()).DataAsNumpy().tobytes()
        assert read_metadata(content, entry.Name().decode()) == expected
    assert read_metadata(content, "nothing") is None


def test_damage_is_a_value_error_or_not_seen(exported):
    content = exported.path.read_bytes()
    name = "keras_sphereface.manifest"
    expected = read_metadata(content, name)
    generator = np.random.default_rng(0)
    for _ in range(300):
        damaged = bytearray(content)
        # The tables lie at both ends of the weights.
        byte = generator.choice([256, len(content)]) - generator.integers(256)
        damaged[byte - 1] ^= 1 << generator.integers(8)
        try:
            found = read_metadata(bytes(damaged), name)
        except ValueError:
            continue
        assert found is None or isinstance(found, bytes)
    for length in range(8, len(content), len(content) // 50):
        try:
            found = read_metadata(content[:length], name)
        except ValueError:
            continue
        assert found in (None, expected) or expected.startswith(found)
    with pytest.raises(ValueError, match="points outside"):
        read_metadata(b"\xff\xff\xff\x7fTFL3", name)


@pytest.mark.parametrize("size", [0, 100, 5000, 5001, 40_000])
def test_a_text_is_replaced_and_nothing_else_changes(exported, size):
    content = exported.path.read_bytes()
    name = "keras_sphereface.manifest"
    before = read_metadata(content, name)
    text = b"x" * size
    changed = replace_metadata(content, name, text)
    if size <= len(before):
        assert read_metadata(changed, name) == text.ljust(len(before))
        assert len(changed) == len(content)
    else:
        assert read_metadata(changed, name) == text
        # As the schema asks of the data of buffers.
        assert changed.index(text) % 16 == 0
        assert before not in changed
    old = schema.Model.GetRootAs(content)
    new = schema.Model.GetRootAs(changed)
    assert new.BuffersLength() == old.BuffersLength()
    for index in range(old.BuffersLength()):
        same = np.array_equal(
            old.Buffers(index).DataAsNumpy(), new.Buffers(index).DataAsNumpy()
        )
        is_it = index == old.Metadata(_index_of(old, name)).Buffer()
        assert same is not is_it


def _index_of(model, name):
    return next(
        index
        for index in range(model.MetadataLength())
        if model.Metadata(index).Name() == name.encode()
    )


def test_there_must_be_a_text_to_replace(exported):
    with pytest.raises(ValueError, match="there is no nothing"):
        replace_metadata(exported.path.read_bytes(), "nothing", b"")
