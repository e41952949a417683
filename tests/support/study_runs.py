"""Made-up runs of a study."""

from keras_sphereface.evaluation import StudyRun, summarize_study

BINS = 45


def make_run(head="arcface", seed=0, **changes):
    """A run that trained, but for the changes."""
    angles = [0] * BINS
    angles[10], angles[11] = 60, 40
    settings = {
        "head": head,
        "arguments": {},
        "learning_rate": 0.1,
        "seed": seed,
        "data": "100 images of 5 identities (faces), 3,000 pairs (pairs.txt)",
        "num_pairs": 3000,
        "history": [
            {"epoch": 0, "loss": 9.0, "verification_accuracy": 0.6},
            {"epoch": 1, "loss": 4.0, "verification_accuracy": 0.75},
        ],
        "accuracy": 0.75,
        "untrained_accuracy": 0.54,
        "target_angles": angles,
        "nearest_angles": angles[::-1],
        "target_angle": 42.0,
        "norm": 20.0,
        "failure": "",
        "seconds": 60.0,
    }
    return StudyRun(**{**settings, **changes})


def failed_run(head="arcface", seed=0, failure="diverged", **changes):
    """A run that left nothing to verify."""
    settings = {
        "head": head,
        "arguments": {},
        "learning_rate": 0.1,
        "seed": seed,
        "history": [],
        "failure": failure,
        "seconds": 60.0,
    }
    return StudyRun(**{**settings, **changes})


def toy_summary():
    """Two heads, two margins, two learning rates; all four outcomes."""
    margins = {(0.3, 0.1): 0.75, (0.3, 0.4): 0.74, (0.5, 0.1): 0.66}
    runs = [make_run("normface", s, accuracy=0.7 + 0.01 * s) for s in (0, 1)]
    runs += [
        make_run(
            "arcface",
            seed,
            accuracy=accuracy + 0.02 * seed,
            arguments={"margin": margin, "detach": True},
            learning_rate=rate,
        )
        for (margin, rate), accuracy in margins.items()
        for seed in (0, 1)
    ]
    runs += [
        failed_run(
            seed=seed,
            failure=failure,
            arguments={"margin": 0.5, "detach": False},
        )
        for seed, failure in ((0, "diverged"), (1, "collapsed"))
    ]
    return summarize_study(runs, baseline="normface")
