r"""Measures the speed and the memory of a device's gallery.

    python tools/benchmark_gallery.py

enrolls a million random people with one 512-dimensional crop each, searches
them, adds and erases one, and saves and loads them. Takes a minute or two and
2.5 GiB, of which 1.9 are the embeddings. Where other programs keep the
processor busy, OPENBLAS_NUM_THREADS=1 is faster: two threads that are not let
run at once wait for each other.
"""

import os
import resource
import tempfile
import time

import numpy as np
from absl import app, flags

import keras_sphereface as ks

_PEOPLE = flags.DEFINE_integer("people", 1_000_000, "People with one crop.")
_DIM = flags.DEFINE_integer("embedding_dim", 512, "Size of an embedding.")
_PROBES = flags.DEFINE_list("probes", ["1", "16"], "Probes per search.")
_REPEATS = flags.DEFINE_integer("repeats", 7, "Repeats, whose median is shown.")
_AT_ONCE = 10_000


def main(_):
    generator = np.random.default_rng(0)
    model = ks.edge.ModelIdentity("0" * 64, _DIM.value, False, "float32", "0")
    gallery = ks.edge.Gallery(model)

    def faces(count):
        return generator.standard_normal((count, _DIM.value), np.float32)

    def enroll_all():
        for start in range(0, _PEOPLE.value, _AT_ONCE):
            stop = min(start + _AT_ONCE, _PEOPLE.value)
            names = [f"person {number}" for number in range(start, stop)]
            gallery.enrol(names, faces(stop - start))

    report(f"draw and enroll {_PEOPLE.value:,}", enroll_all, repeats=1)
    for count in map(int, _PROBES.value):
        probes = faces(count)
        for pooling in ("max", "mean"):
            report(
                f"search {count}, {pooling}",
                lambda probes=probes, pooling=pooling: gallery.search(
                    probes, k=5, pooling=pooling
                ),
            )
    one = faces(1)
    report("enroll one", lambda: gallery.enrol("one", one))
    report("remove one", lambda: gallery.remove("one"), repeats=1)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "people.gallery")
        report("save", lambda: gallery.save(path), repeats=1)
        gallery = None  # or two would lie in memory
        report("load", lambda: ks.edge.Gallery.load(path), repeats=1)


def report(what, function, repeats=None):
    """Prints the median time of a call, and the peak of memory so far."""
    times = []
    for _ in range(repeats or _REPEATS.value):
        started = time.perf_counter()
        function()
        times.append(time.perf_counter() - started)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    milliseconds = np.median(times) * 1000
    print(f"{what:24}{milliseconds:12,.1f} ms; peak memory {peak:.2f} GiB")


if __name__ == "__main__":
    app.run(main)
