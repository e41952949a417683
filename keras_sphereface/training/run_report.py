"""What `report.json` says of a run."""

import math


def run_report(
    run, faces, before, after, *, replicas, first_step, seconds, error=None
):
    """The report of a run that is over, as JSON types.

    Args:
        run: `Run`.
        faces: `TrainingFaces`.
        before: dict of `VerificationReport` by name, of the untrained embedder.
        after: dict of those of the trained one; may be empty.
        replicas: int, devices that shared a batch.
        first_step: int, where this process began.
        seconds: float, what it took from there.
        error: `DivergenceError` of a run that diverged. Defaults to `None`.

    Returns:
        Dict.
    """
    trained = (run.step - first_step) * run.config.batch_size
    return {
        "config": run.config.to_dict(),
        "data": {
            "source": faces.name,
            "num_classes": faces.num_classes,
            "num_images": faces.num_images,
        },
        "replicas": replicas,
        "resumed_from_step": first_step or None,
        "training_seconds": round(seconds, 1),
        "images_per_second": round(trained / seconds, 1),
        "history": _without_nan(run.history),
        "alarms": run.alarm.said,
        "rollbacks": run.rollbacks,
        "diverged": error and str(error),
        **_verification(before, after),
    }


def _without_nan(history):
    """The history in JSON types, which have no NaN."""
    return [
        {
            name: value if math.isfinite(value) else None
            for name, value in row.items()
        }
        for row in history
    ]


def _verification(before, after):
    """What is said of each pair set, and of the main one."""
    pairs = {
        name: {
            "before": report.to_dict(),
            "after": after[name].to_dict() if name in after else None,
        }
        for name, report in before.items()
    }
    main = next(iter(pairs.values()), {"before": None, "after": None})
    points = main["after"]["operating_points"] if main["after"] else []
    return {**main, "pairs": pairs, "operating_points": points}
