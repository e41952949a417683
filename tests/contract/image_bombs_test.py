"""What small hostile files cost, in a process with nothing else in it."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from image_bombs import encoded, exif_of, read, refused

from keras_sphereface.contract import ImageError, read_image
from keras_sphereface.contract.image_policy import read_header

TESTS = Path(__file__).parents[1]
MAX_BYTES, MAX_SECONDS = 64 * 2**20, 0.5
SCRIPT = """
import resource, sys, time
sys.path.insert(0, sys.argv[1])
from image_bombs import encoded, read, refused
from PIL import Image
from keras_sphereface.contract import ImageError, read_image

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

bombs = {name: (data, True) for name, data in refused().items()}
bombs |= {name: (data, False) for name, data in read().items()}
for kind in ("JPEG", "PNG", "WEBP", "BMP", "PPM"):
    read_image(encoded(kind))  # Pillow loads its modules
# What making the bombs took is free again, and hides what reading takes.
if sys.platform == "linux":
    import ctypes
    ctypes.CDLL(None).malloc_trim(0)
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")  # the peak starts anew

def status(field):
    with open("/proc/self/status") as file:
        (line,) = [one for one in file if one.startswith(field)]
    return int(line.split()[1]) * 1024

base = status("VmRSS")
for name, (data, is_refused) in bombs.items():
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")
    start = time.process_time()
    try:
        image = read_image(data)
        outcome = f"read {image.shape[0]}x{image.shape[1]}"
    except ImageError as error:
        outcome = "refused"
    seconds = time.process_time() - start
    grown = status("VmHWM") - base
    print(name, outcome, f"{seconds:.3f}", grown, len(data), sep="\\t")
"""


def test_no_small_file_costs_much_and_no_program_starts(tmp_path):
    mark = tmp_path / "started"
    for name in ("gs", "gswin64c", "djpeg", "cwebp"):
        program = tmp_path / name
        program.write_text(f"#!/bin/sh\ntouch {mark}\n")
        program.chmod(0o755)
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    output = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(TESTS / "support")],
        env=os.environ | {"PATH": path},
        cwd=TESTS.parent,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    outcomes = {}
    for line in output.splitlines():
        name, outcome, seconds, grown, size = line.split("\t")
        assert int(size) < 1_000_000, line
        assert float(seconds) < MAX_SECONDS, line
        assert int(grown) < MAX_BYTES, line
        outcomes[name] = outcome
    assert outcomes == (
        dict.fromkeys(refused(), "refused")
        | dict.fromkeys(read(), "read 112x112")
    )
    assert not mark.exists()


def test_what_stands_beside_the_pixels_does_not_change_them():
    for name, data in read().items():
        bare = encoded(name.split()[0].upper())
        np.testing.assert_array_equal(read_image(data), read_image(bare), name)


def mutated(data, rng):
    """One change of the kinds that files suffer, most near the start."""
    data = bytearray(data)
    near = min(len(data), 64 if rng.random() < 0.6 else len(data))
    place = int(rng.integers(near))
    change = rng.integers(5)
    if change == 0:
        return bytes(data[: rng.integers(len(data))])
    if change == 1:
        data[place] = rng.integers(256)
    elif change == 2:  # a number of two or four bytes
        size = int(rng.choice([2, 4]))
        data[place : place + size] = rng.choice([b"\0", b"\xff"]) * size
    elif change == 3:  # a part twice
        part = data[place : place + int(rng.integers(1, 64))]
        data[place:place] = part
    else:  # a part less
        del data[place : place + int(rng.integers(1, 64))]
    return bytes(data)


def check_mutations(count):
    images = [
        encoded(kind, **options)
        for kind, options in (
            ("JPEG", {}),
            ("JPEG", {"progressive": True, "exif": exif_of(3, 8)}),
            ("PNG", {}),
            ("WEBP", {}),
            ("WEBP", {"lossless": True}),
            ("BMP", {}),
            ("PPM", {}),
        )
    ]
    rng, refusals = np.random.default_rng(0), 0
    for number in range(count):
        data = mutated(images[number % len(images)], rng)
        try:
            pixels = read_image(data)
        except ImageError:
            refusals += 1
            continue
        header = read_header(data)
        assert pixels.shape == (*header.upright_size, 3)
        assert pixels.size < 2**23
    assert count / 5 < refusals < count


def test_mutations_are_read_or_refused():
    check_mutations(700)


@pytest.mark.slow
def test_thousands_of_mutations_are_read_or_refused():
    check_mutations(21_000)
