import io

import pytest

from keras_sphereface.interop import WeightsFileError, limits
from keras_sphereface.interop.limits import BoundedFile, ByteBudget


def test_a_budget_is_spent_to_the_last_byte_and_no_further():
    budget = ByteBudget(10)
    budget.spend(4)
    budget.spend(6)
    with pytest.raises(WeightsFileError, match="more than 10 bytes"):
        budget.spend(1)


def test_a_bounded_file_ends_at_its_limit_or_where_the_file_does():
    file = io.BytesIO(b"0123456789")
    file.seek(2)
    bounded = BoundedFile(file, 5)
    assert bounded.tell() == 2
    assert bounded.read(3) == b"234"
    for size in (3, -1, 2**62):
        with pytest.raises(WeightsFileError, match="ends early"):
            bounded.read(size)
    bounded.skip(2)
    assert bounded.read(0) == b""
    with pytest.raises(WeightsFileError, match="ends early"):
        bounded.skip(1)
    assert BoundedFile(io.BytesIO(b"01"), 2**62).read(2) == b"01"


def test_lines_are_short_and_within_the_limit():
    assert BoundedFile(io.BytesIO(b"a\nb\n"), 3).readline() == b"a\n"
    assert BoundedFile(io.BytesIO(b"abcdef\n"), 3).readline() == b"abc"
    endless = BoundedFile(io.BytesIO(b"a" * 10_000), 10_000)
    assert len(endless.readline()) == 4096


def test_the_budget_of_a_file_goes_by_its_size(monkeypatch):
    file = io.BytesIO(bytes(1000))
    file.seek(10)
    budget = ByteBudget.of_file(file, 3)
    assert budget.limit == limits.FREE_BYTES + 3000
    assert file.tell() == 10
    monkeypatch.setattr(limits, "MAX_ARRAY_BYTES", 500)
    assert ByteBudget.of_file(file, 3).limit == 500
