r"""Measures the speed and the memory of a device's gallery beside others.

    python tools/benchmark_gallery.py

enrolls a million random people with one 128-dimensional crop each in galleries
of each dtype, puts the same vectors into a NumPy array and, where they are
installed, into usearch and faiss, and asks all of them in turns for the best
five people of a probe: in one run, so that whatever else the computer does
meets all of them alike. Then it adds and erases one person, and saves and
loads. Takes a few minutes (of which usearch takes most; `--libraries=faiss`
leaves it out) and 4 GiB.

`memory` is what the process grew by. In galleries that is names too, 144 MiB of
a million; an index of a library comes on top of its gallery. `found` is how
often the best person is that of the float32 vectors.

Where other programs keep the processor busy, OPENBLAS_NUM_THREADS=1 is faster:
two threads that are not let run at once wait for each other.
"""

import gc
import importlib.util
import os
import tempfile
import time

import numpy as np
from absl import app, flags

import keras_sphereface as ks

_PEOPLE = flags.DEFINE_integer("people", 1_000_000, "People with one crop.")
_DIM = flags.DEFINE_integer("embedding_dim", 128, "Size of an embedding.")
_PROBES = flags.DEFINE_list("probes", ["1", "16"], "Probes per search.")
_REPEATS = flags.DEFINE_integer("repeats", 7, "Repeats, the fastest is shown.")
_LIBRARIES = flags.DEFINE_list(
    "libraries", ["faiss", "usearch"], "Of these, those that are installed."
)
_AT_ONCE = 10_000
_BEST = 5


def main(_):
    generator = np.random.default_rng(0)
    model = ks.edge.ModelIdentity("0" * 64, _DIM.value, False, "float32", "0")
    vectors = np.concatenate(
        [unit_rows(generator, size) for size in parts(_PEOPLE.value)]
    )
    counts = [int(count) for count in _PROBES.value]
    # Of people in the gallery, on another day.
    who = generator.integers(0, len(vectors), max(*counts, 64))
    probes = vectors[who] + unit_rows(generator, len(who))
    probes /= np.linalg.norm(probes, axis=1, keepdims=True)
    print(f"{'':24}{'build':>10}{'memory':>12}")
    searches = {}
    for name, build in contestants(vectors, model):
        started, before = time.perf_counter(), resident()
        searches[name] = build(searches)
        gc.collect()
        seconds = time.perf_counter() - started
        # The array is there already.
        new = resident() - before
        grown = (vectors.nbytes if name == "NumPy float32" else new) / 2**20
        print(f"{name:24}{seconds:8.1f} s{grown:8,.0f} MiB", flush=True)
    exact = searches["NumPy float32"](probes)[:, 0]
    titles = "".join(f"{f'{count} probes':>14}" for count in counts)
    print(f"\n{'':24}{titles}{'found':>9}")
    times = {}
    for _ in range(_REPEATS.value):
        for name, search in searches.items():
            for count in counts:
                taken = stopwatch(lambda s=search, n=count: s(probes[:n]))
                times.setdefault((name, count), []).append(taken)
    for name, search in searches.items():
        fastest = "".join(
            f"{min(times[name, count]) * 1000:11,.1f} ms" for count in counts
        )
        found = np.mean(search(probes)[:, 0] == exact)
        print(f"{name:24}{fastest}{found:9.1%}")
    print()
    for dtype in ("float32", "int8"):
        change_and_save(searches[f"gallery {dtype}"].gallery, generator)


def contestants(vectors, model):
    """Names, and what builds a function of probes to numbers of people."""
    yield (
        "NumPy float32",
        lambda _: lambda probes: best_of_array(vectors, probes),
    )
    for dtype in ("float32", "float16", "int8"):
        yield (
            f"gallery {dtype}",
            lambda _, dtype=dtype: GallerySearch(
                gallery := enrolled(vectors, model, dtype), gallery
            ),
        )
    for library in _LIBRARIES.value:
        if importlib.util.find_spec(library) is None:
            print(f"{library} is not installed")
            continue
        if library == "faiss":
            yield "faiss sq8 alone", lambda _: faiss_alone(vectors)
        yield (
            f"+ index of {library}",
            lambda searches, library=library: GallerySearch(
                ks.edge.GalleryIndex(
                    searches["gallery float32"].gallery, library
                )
            ),
        )


class GallerySearch:
    """Numbers of the people that a gallery or its index finds."""

    def __init__(self, searched, gallery=None):
        self.searched, self.gallery = searched, gallery

    def __call__(self, probes):
        names = self.searched.search(probes, k=_BEST).names
        return np.array([[int(name) for name in row] for row in names])


def enrolled(vectors, model, dtype):
    """A gallery of as many people as vectors, added part by part."""
    gallery = ks.edge.Gallery(model, dtype=dtype)
    start = 0
    for size in parts(len(vectors)):
        names = [f"{number:013d}" for number in range(start, start + size)]
        gallery.enrol(names, vectors[start : start + size])
        start += size
    return gallery


def best_of_array(vectors, probes):
    """What one writes without a gallery."""
    scores = probes @ vectors.T if len(probes) > 1 else (vectors @ probes[0])
    scores = scores.reshape(len(probes), -1)
    best = np.argpartition(scores, -_BEST, axis=1)[:, -_BEST:]
    order = np.argsort(-np.take_along_axis(scores, best, axis=1), axis=1)
    return np.take_along_axis(best, order, axis=1)


def faiss_alone(vectors):
    """The library without a gallery: probes to the numbers of rows."""
    import faiss

    index = faiss.IndexScalarQuantizer(
        vectors.shape[1],
        faiss.ScalarQuantizer.QT_8bit,
        faiss.METRIC_INNER_PRODUCT,
    )
    index.train(vectors[:100_000])
    index.add(vectors)
    return lambda probes: index.search(probes, _BEST)[1]


def change_and_save(gallery, generator):
    """Prints what it takes to change a gallery, to save and to load it."""
    one = unit_rows(generator, 1)
    report = {}
    report["enroll one"] = stopwatch(lambda: gallery.enrol("one", one))
    report["remove one"] = stopwatch(lambda: gallery.remove("one"))
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "people.gallery")
        report["save"] = stopwatch(lambda: gallery.save(path))
        size = os.path.getsize(path) / 2**20
        report["load"] = stopwatch(lambda: ks.edge.Gallery.load(path))
    said = ", ".join(f"{k} {v * 1000:,.1f} ms" for k, v in report.items())
    print(f"gallery {gallery.dtype}: {said}; file {size:,.0f} MiB")


def unit_rows(generator, count):
    """Random rows of norm 1."""
    rows = generator.standard_normal((count, _DIM.value), np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def parts(count):
    """Sizes of the parts that so many rows are made in."""
    return [min(_AT_ONCE, count - s) for s in range(0, count, _AT_ONCE)]


def stopwatch(function):
    """Seconds that a call takes."""
    started = time.perf_counter()
    function()
    return time.perf_counter() - started


def resident():
    """Bytes of memory that the process has; 0 where there is no /proc."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except FileNotFoundError:
        return 0


if __name__ == "__main__":
    app.run(main)
