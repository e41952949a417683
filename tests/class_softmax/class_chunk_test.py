import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_sphereface.class_softmax import (
    check_class_chunk,
    resolve_class_chunk,
)

MIB = 2**20


def auto(**kwargs):
    return resolve_class_chunk("auto", **kwargs)


@pytest.mark.parametrize("class_chunk", [None, 1, 7, 10**9])
def test_what_is_asked_for_is_what_is_done(class_chunk):
    check_class_chunk(class_chunk)
    found = resolve_class_chunk(
        class_chunk, batch_size=4096, embedding_dim=512, num_classes=10**6
    )
    assert found == class_chunk


@pytest.mark.parametrize("class_chunk", [0, -1, 2.0, "all", True, [4]])
def test_anything_else_is_named(class_chunk):
    with pytest.raises(ValueError, match=r"`class_chunk` must be None, 'auto'"):
        check_class_chunk(class_chunk)


def test_auto_streams_from_the_first_class_that_does_not_fit():
    # Three times 256 rows of 4 bytes: 256 MiB are 87381 classes and a third.
    sizes = {"batch_size": 256, "embedding_dim": 512}
    assert auto(num_classes=87_381, **sizes) is None
    # Eight matrices of 512 rows of 4 bytes: 40 MiB are 2560 classes; the 35
    # chunks of 87382 classes are of 2497, which is 157 times 16 at the next.
    assert auto(num_classes=87_382, **sizes) == 157 * 16


def test_a_batch_of_unknown_size_counts_as_512():
    for num_classes in (40_000, 50_000, 10**6):
        sizes = {"embedding_dim": 128, "num_classes": num_classes}
        assert auto(batch_size=None, **sizes) == auto(batch_size=512, **sizes)


@settings(deadline=None)
@given(st.integers(1, 2**17), st.integers(1, 4096), st.integers(1, 10**8))
def test_auto_keeps_to_its_memory_and_to_128_chunks(
    batch_size, embedding_dim, num_classes
):
    width = auto(
        batch_size=batch_size,
        embedding_dim=embedding_dim,
        num_classes=num_classes,
    )
    logits = 4 * batch_size * num_classes
    if width is None:
        assert 3 * logits <= 256 * MIB
        return
    assert 3 * logits > 256 * MIB
    assert math.ceil(num_classes / width) <= 128
    # An odd multiple of 16, above the best width by at most two of them.
    assert width % 32 == 16
    rows = max(batch_size, embedding_dim)
    best = max(40 * MIB / (8 * 4 * rows), num_classes / 128)
    assert width <= best + 33
