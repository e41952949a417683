"""How well faces verify: pairs, curves, the ten-fold protocol, reports."""

from keras_sphereface.evaluation.bootstrap import (
    BootstrapDifference,
    BootstrapIntervals,
    bootstrap_differences,
    bootstrap_intervals,
)
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
from keras_sphereface.evaluation.gallery_search import (
    GallerySearch,
    search_gallery,
)
from keras_sphereface.evaluation.identification import (
    IdentificationReport,
    identify,
)
from keras_sphereface.evaluation.intervals import rate_interval
from keras_sphereface.evaluation.pairs import PairSet
from keras_sphereface.evaluation.plots import plot_roc
from keras_sphereface.evaluation.report import (
    VerificationReport,
    compare_reports,
)
from keras_sphereface.evaluation.scores import score_pairs
from keras_sphereface.evaluation.verification import (
    evaluate_pairs,
    verify_scores,
)

__all__ = [
    "BootstrapDifference",
    "BootstrapIntervals",
    "FoldAccuracies",
    "GallerySearch",
    "IdentificationReport",
    "PairSet",
    "Roc",
    "VerificationReport",
    "area_under_curve",
    "bootstrap_differences",
    "bootstrap_intervals",
    "compare_reports",
    "equal_error",
    "evaluate_pairs",
    "fold_accuracies",
    "identify",
    "plot_roc",
    "rate_interval",
    "roc_curve",
    "score_pairs",
    "search_gallery",
    "tar_at_far",
    "ten_fold_accuracy",
    "threshold_at_far",
    "verify_scores",
]
