"""Galleries and embeddings for tests, and a search of one loop each."""

import math

from keras_sphereface.edge import Gallery, ModelIdentity

MODEL = ModelIdentity(
    checksum="ab" * 32,
    embedding_dim=8,
    flip=False,
    quantization="float32",
    package_version="0.1.0",
)


def random_gallery(generator, num_people, num_crops):
    """A gallery enrolled crop by crop in random order, and the same as rows.

    Returns:
        `(gallery, [(name, embedding), ...])`.
    """
    gallery, rows = Gallery(MODEL), []
    for _ in range(num_crops):
        name = f"person {generator.integers(num_people)}"
        embedding = generator.standard_normal(8)
        gallery.enrol(name, embedding)
        rows.append((name, embedding))
    return gallery, rows


def search_by_loop(rows, probe, k, pooling):
    """The `k` best people, `[(name, score), ...]`, in float64."""
    scores = {}
    for name, embedding in rows:
        dot = sum(
            float(a) * float(b) for a, b in zip(embedding, probe, strict=True)
        )
        lengths = [
            math.sqrt(sum(float(a) ** 2 for a in vector))
            for vector in (embedding, probe)
        ]
        scores.setdefault(name, []).append(dot / lengths[0] / lengths[1])
    pool = {"max": max, "mean": lambda values: sum(values) / len(values)}
    pooled = {name: pool[pooling](values) for name, values in scores.items()}
    return sorted(pooled.items(), key=lambda item: -item[1])[:k]
