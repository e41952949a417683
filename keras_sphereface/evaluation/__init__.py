"""How well faces verify: pairs, curves, the ten-fold protocol, reports."""

from keras_sphereface.evaluation.curves import (
    Roc,
    area_under_curve,
    equal_error,
    roc_curve,
    tar_at_far,
    threshold_at_far,
)
from keras_sphereface.evaluation.folds import (
    FoldAccuracies,
    fold_accuracies,
    ten_fold_accuracy,
)
from keras_sphereface.evaluation.pairs import PairSet
from keras_sphereface.evaluation.plots import plot_roc
from keras_sphereface.evaluation.report import (
    VerificationReport,
    compare_reports,
    evaluate_pairs,
    verify_scores,
)
from keras_sphereface.evaluation.scores import score_pairs
from keras_sphereface.evaluation.sphere_plot import plot_sphere

__all__ = [
    "FoldAccuracies",
    "PairSet",
    "Roc",
    "VerificationReport",
    "area_under_curve",
    "compare_reports",
    "equal_error",
    "evaluate_pairs",
    "fold_accuracies",
    "plot_roc",
    "plot_sphere",
    "roc_curve",
    "score_pairs",
    "tar_at_far",
    "ten_fold_accuracy",
    "threshold_at_far",
    "verify_scores",
]
