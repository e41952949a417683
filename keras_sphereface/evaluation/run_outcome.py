"""What became of a training run."""

from keras_sphereface.contract.arguments import check_number
from keras_sphereface.evaluation.intervals import rate_interval
from keras_sphereface.evaluation.study_run import StudyRun

# From the best to the worst.
OUTCOMES = ("trained", "degraded", "collapsed", "diverged")
_FARTHEST_ANGLE = 90.0
_SMALLEST_NORM = 1e-3


def run_outcome(
    run: StudyRun, best_accuracy: float, *, degraded_by: float = 0.05
) -> str:
    """Whether a run trained, and if not, how.

    The first of these that holds:

    - `"diverged"`: the loss, or an embedding after training, is not finite;
    - `"collapsed"`: embeddings have no direction left, or a median norm below
      0.001; or training faces stand at more than 90 degrees from their own
      center on average; or the accuracy is not above the 95 % interval of
      chance, that of a coin or, if it is higher, of the untrained embedder;
    - `"degraded"`: the accuracy is more than `degraded_by` below the best of
      its kind;
    - `"trained"`.

    Args:
        run: `StudyRun`.
        best_accuracy: float in `[0, 1]`, of the best among the heads that
            differ from this one in margin, learning rate and detachment only.
        degraded_by: float in `(0, 1)`. Defaults to `0.05`.

    Returns:
        One of `OUTCOMES`.
    """
    degraded_by = check_number("degraded_by", degraded_by, above=0, below=1)
    if run.failure:
        return run.failure
    if is_chance(run) or _has_no_direction(run):
        return "collapsed"
    return "degraded" if run.worth < best_accuracy - degraded_by else "trained"


def is_chance(run: StudyRun) -> bool:
    """Whether an accuracy may be luck: in the 95 % interval of chance.

    Args:
        run: `StudyRun`.

    Returns:
        bool.
    """
    chance = max(0.5, run.untrained_accuracy or 0.0)
    lucky = rate_interval(round(chance * run.num_pairs), run.num_pairs)[1]
    return run.worth <= lucky


def _has_no_direction(run: StudyRun) -> bool:
    return (
        run.target_angle is not None and run.target_angle > _FARTHEST_ANGLE
    ) or (run.norm is not None and run.norm < _SMALLEST_NORM)
