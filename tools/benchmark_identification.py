r"""Measures the speed and the memory of gallery search.

    python tools/benchmark_identification.py

searches a gallery of a million random people with 100,000 probes, of whom half
are in it, and logs the rate and the peak memory; about ten minutes on two
cores. The probes are noisy copies, so that some are found and some are not.
"""

import resource
import time

import numpy as np
from absl import app, flags, logging

import keras_sphereface as ks

_GALLERY = flags.DEFINE_integer("gallery", 1_000_000, "Gallery embeddings.")
_PROBES = flags.DEFINE_integer("probes", 100_000, "Probe embeddings.")
_DIM = flags.DEFINE_integer("embedding_dim", 128, "Size of an embedding.")
_NOISE = flags.DEFINE_float(
    "noise", 1.5, "Length of a probe's noise beside its unit embedding."
)


def main(_):
    rng = np.random.default_rng(0)
    size, dim = _PROBES.value, _DIM.value
    gallery = rng.standard_normal((_GALLERY.value, dim), np.float32)
    mated = size // 2
    who = rng.integers(0, len(gallery), mated)
    probes = rng.standard_normal((size, dim), np.float32)
    probes[:mated] *= np.float32(_NOISE.value)
    probes[:mated] += gallery[who]
    strangers = np.arange(len(gallery), len(gallery) + size - mated)
    started = time.monotonic()
    report = ks.evaluation.identify(
        gallery,
        np.arange(len(gallery)),
        probes,
        np.concatenate([who, strangers]),
        progress=True,
    )
    seconds = time.monotonic() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    logging.info("\n%s", report)
    logging.info(
        "%s probes x %s gallery: %.0f s, %.0f probes/s, %.2f billion "
        "scores/s, peak memory %.2f GiB",
        f"{size:,}",
        f"{len(gallery):,}",
        seconds,
        size / seconds,
        size * len(gallery) / seconds / 1e9,
        peak,
    )


if __name__ == "__main__":
    app.run(main)
