"""How well faces verify: curves, the ten-fold protocol, ranks."""

from keras_sphereface.evaluation.bootstrap import (
    BootstrapDifference,
    BootstrapIntervals,
    bootstrap_differences,
    bootstrap_intervals,
)
from keras_sphereface.evaluation.calibration import (
    Calibration,
    Reliability,
    fit_calibration,
    held_out_probabilities,
    reliability,
)
from keras_sphereface.evaluation.comparison import (
    Comparison,
    compare_full_reports,
)
from keras_sphereface.evaluation.curves import (
    Roc,
    area_under_curve,
    equal_error,
    roc_curve,
    tar_at_far,
    threshold_at_far,
)
from keras_sphereface.evaluation.extraction import extract_embeddings
from keras_sphereface.evaluation.folds import (
    FoldAccuracies,
    fold_accuracies,
    measured_folds,
    ten_fold_accuracy,
)
from keras_sphereface.evaluation.full_report import FullReport, full_report
from keras_sphereface.evaluation.gallery_search import (
    GallerySearch,
    search_gallery,
)
from keras_sphereface.evaluation.groups import (
    GroupRates,
    GroupReport,
    compare_groups,
    read_attributes,
)
from keras_sphereface.evaluation.identification_report import (
    IdentificationReport,
    identify,
)
from keras_sphereface.evaluation.ijb_evaluation import embed_ijb, measure_ijb
from keras_sphereface.evaluation.ijb_format import (
    TemplateMedia,
    TemplatePairs,
    TemplateSubjects,
    read_template_media,
    read_template_pairs,
    read_template_subjects,
)
from keras_sphereface.evaluation.ijb_report import IjbReport
from keras_sphereface.evaluation.ijb_set import IjbSet, read_ijb
from keras_sphereface.evaluation.insightface_tables import (
    InsightFaceSearch,
    nearest_far_tars,
    search_like_insightface,
)
from keras_sphereface.evaluation.intervals import mean_interval, rate_interval
from keras_sphereface.evaluation.loose_faces import (
    FacePoints,
    LooseFaces,
    read_face_points,
)
from keras_sphereface.evaluation.pair_verification import (
    evaluate_pairs,
    verify_scores,
)
from keras_sphereface.evaluation.run_outcome import OUTCOMES, run_outcome
from keras_sphereface.evaluation.scores import score_pairs
from keras_sphereface.evaluation.study_arm import SeedMean, StudyArm
from keras_sphereface.evaluation.study_run import StudyRun
from keras_sphereface.evaluation.study_summary import (
    StudySummary,
    summarize_study,
)
from keras_sphereface.evaluation.template_people import template_people
from keras_sphereface.evaluation.templates import Templates, pool_templates
from keras_sphereface.evaluation.threshold_measurement import (
    ThresholdMeasurement,
    measure_thresholds,
    strictest_steady_far,
)
from keras_sphereface.evaluation.verification_report import (
    VerificationReport,
    compare_reports,
)
from keras_sphereface.pairs import PairSet

__all__ = [
    "OUTCOMES",
    "BootstrapDifference",
    "BootstrapIntervals",
    "Calibration",
    "Comparison",
    "FacePoints",
    "FoldAccuracies",
    "FullReport",
    "GallerySearch",
    "GroupRates",
    "GroupReport",
    "IdentificationReport",
    "IjbReport",
    "IjbSet",
    "InsightFaceSearch",
    "LooseFaces",
    "PairSet",
    "Reliability",
    "Roc",
    "SeedMean",
    "StudyArm",
    "StudyRun",
    "StudySummary",
    "TemplateMedia",
    "TemplatePairs",
    "TemplateSubjects",
    "Templates",
    "ThresholdMeasurement",
    "VerificationReport",
    "area_under_curve",
    "bootstrap_differences",
    "bootstrap_intervals",
    "compare_full_reports",
    "compare_groups",
    "compare_reports",
    "embed_ijb",
    "equal_error",
    "evaluate_pairs",
    "extract_embeddings",
    "fit_calibration",
    "fold_accuracies",
    "full_report",
    "held_out_probabilities",
    "identify",
    "mean_interval",
    "measure_ijb",
    "measure_thresholds",
    "measured_folds",
    "nearest_far_tars",
    "pool_templates",
    "rate_interval",
    "read_attributes",
    "read_face_points",
    "read_ijb",
    "read_template_media",
    "read_template_pairs",
    "read_template_subjects",
    "reliability",
    "roc_curve",
    "run_outcome",
    "score_pairs",
    "search_gallery",
    "search_like_insightface",
    "strictest_steady_far",
    "summarize_study",
    "tar_at_far",
    "template_people",
    "ten_fold_accuracy",
    "threshold_at_far",
    "verify_scores",
]
