"""What refusing poor faces is worth, as numbers, tables and a picture."""

import os
import pathlib

import numpy as np
from spoiled_faces import SPOILED, spoil

import keras_sphereface as ks

FAR = 0.01
# The share of usual faces that each limit refuses, as limits are drawn closer.
SHARES = (1e-9, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1)


def read_faces(folder, size):
    """Crops, `[num_images, *size, 3]`, and who is on each."""
    paths = sorted(
        path
        for path in pathlib.Path(folder).glob("*/*")
        if path.suffix.lower() in (".jpg", ".jpeg", ".png")
    )
    if not paths:
        raise ValueError(
            "--faces must have one folder of .jpg or .png crops per identity. "
            f"Received: --faces={folder}"
        )
    crops = [ks.contract.read_image(path) for path in paths]
    people = np.array([path.parent.name for path in paths])
    return ks.contract.fit_crops(np.stack(crops), size), people


def choose(people, count, random):
    """Probes, an image of the same person for each, and one of another."""
    kinds, counts = np.unique(people, return_counts=True)
    fit = np.flatnonzero(np.isin(people, kinds[counts > 1]))
    probes = random.choice(fit, min(count, len(fit)), replace=False)
    same, other = [], []
    for probe in probes:
        is_same = people == people[probe]
        others = np.flatnonzero(~is_same)
        is_same[probe] = False
        same.append(random.choice(np.flatnonzero(is_same)))
        other.append(random.choice(others))
    return probes, np.array(same), np.array(other)


def refusals(limits, qualities):
    """Which faces the limits refuse, a bool each."""
    return np.array([bool(limits.problems(each)) for each in qualities])


def error_curve(limits, qualities, genuine, impostor, threshold):
    """Per set of limits: share refused, FNMR and FMR of the rest."""
    rows = []
    for each in limits:
        kept = ~refusals(each, qualities)
        fnmr, fmr = float("nan"), float("nan")
        if kept.any():
            fnmr = np.mean(genuine[kept] < threshold)
            fmr = np.mean(impostor[kept] >= threshold)
        rows.append((1 - kept.mean(), fnmr, fmr))
    return np.array(rows)


def measure(verifier, crops, people, count, random):
    """All numbers, as JSON types."""
    measured = [ks.contract.measure_quality(crop) for crop in crops]
    clean = verifier.embed(crops)
    # Limits come from other people than those that they are tried on.
    names = np.unique(people)
    is_usual = np.isin(people, names[: len(names) // 2])
    usual = crops[is_usual]
    limits = {
        "defaults": ks.contract.QualityLimits(),
        "measured": ks.contract.QualityLimits.of_faces(usual),
    }
    tried = np.flatnonzero(~is_usual)
    probes, same, other = (
        tried[each] for each in choose(people[tried], count, random)
    )
    own = clean[probes]
    scores = np.sort(np.sum(own * clean[other], axis=1))
    threshold = float(np.quantile(scores, 1 - FAR))
    refused = {
        "untouched": {
            name: float(refusals(each, [measured[i] for i in tried]).mean())
            for name, each in limits.items()
        }
    }
    cosines = {"untouched": 1.0}
    # Of the curve: as many untouched as spoiled ones.
    kinds = sum(len(strengths) for _, strengths in SPOILED.values())
    qualities = [measured[i] for i in probes] * kinds
    embeddings = [own] * kinds
    for kind, (_, strengths) in SPOILED.items():
        for strength in strengths:
            spoiled = np.stack(
                [spoil(crops[i], kind, strength, random) for i in probes]
            )
            found = [ks.contract.measure_quality(crop) for crop in spoiled]
            row = f"{kind} {strength}"
            refused[row] = {
                name: float(refusals(each, found).mean())
                for name, each in limits.items()
            }
            embeddings.append(verifier.embed(spoiled))
            cosines[row] = float(np.sum(embeddings[-1] * own, axis=1).mean())
            qualities += found
    times = (len(embeddings), 1)
    seen = np.concatenate(embeddings)
    curve = error_curve(
        [
            ks.contract.QualityLimits((0, 1e9), (0, 255), 0.0, 1.0),  # anything
            *(ks.contract.QualityLimits.of_faces(usual, s) for s in SHARES),
        ],
        qualities,
        np.sum(seen * np.tile(clean[same], times), axis=1),
        np.sum(seen * np.tile(clean[other], times), axis=1),
        threshold,
    )
    return {
        "threshold": threshold,
        "probes": len(qualities),
        "refused": refused,
        "cosine": cosines,
        "limits": limits["measured"].to_dict(),
        "curve": [
            dict(zip(("refused", "fnmr", "fmr"), map(float, row), strict=True))
            for row in curve
        ],
    }


def tables(report):
    """The numbers as Markdown."""
    lines = [
        "| crops | cosine to the untouched | refused by the defaults | "
        "by measured limits |",
        "|---|---|---|---|",
    ]
    for row, shares in report["refused"].items():
        lines.append(
            f"| {row} | {report['cosine'][row]:.2f} | "
            f"{shares['defaults']:.1%} | {shares['measured']:.1%} |"
        )
    lines += ["", "| share refused | FNMR | FMR |", "|---|---|---|"]
    lines += [
        f"| {row['refused']:.1%} | {row['fnmr']:.1%} | {row['fmr']:.2%} |"
        for row in report["curve"]
    ]
    return "\n".join(lines)


def plot(report, path):
    """Draws both errors over the share refused."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(6, 4))
    refused = [100 * row["refused"] for row in report["curve"]]
    for key, words in (
        ("fnmr", "rejected wrongly (FNMR)"),
        ("fmr", "accepted wrongly (FMR)"),
    ):
        errors = [100 * row[key] for row in report["curve"]]
        axes.plot(refused, errors, "o-", label=words)
    axes.set(
        xlabel="probes refused, %",
        ylabel="error among the others, %",
        title=f"{report['probes']:,} probes, half of them spoiled",
        ylim=(0, None),
    )
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
    figure.tight_layout()
    with ks.files.new_stream(path) as stream:
        figure.savefig(stream, format=os.path.splitext(path)[1][1:], dpi=120)
