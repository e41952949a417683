"""Pure formulas: cosines, margins, energies, pairs, triplets."""

from keras_sphereface.ops.contrast import (
    contrastive_losses,
    npairs_losses,
    simple_losses,
    simple_pair_losses,
    simple_scores,
    supervised_contrastive_losses,
)
from keras_sphereface.ops.cosines import (
    class_logits,
    cosines,
    inverse_column_norms,
    leave_out,
    logits_of_cosines,
    replace_in_rows,
    safe_normalize,
    take_in_rows,
)
from keras_sphereface.ops.curricularface import (
    curricular_negatives,
    curricularface_values,
)
from keras_sphereface.ops.detachment import detach_characteristic
from keras_sphereface.ops.elastic_margins import largest_for_hardest
from keras_sphereface.ops.hyperspherical_energy import hyperspherical_energy
from keras_sphereface.ops.margins import (
    Margin,
    angle,
    arcface_margin,
    combined_margin,
    cosface_margin,
    falling_cosine,
    sphereface_margin,
    spherefacer_margin,
    spherefacer_v1_margin,
    spherefacer_v2_margin,
)
from keras_sphereface.ops.norm_margins import (
    adaface_margin,
    adaface_quality,
    clip_norms,
    magface_angle_margin,
    magface_penalty,
)
from keras_sphereface.ops.pair_distances import (
    angular_distances,
    distances,
    squared_distances,
)
from keras_sphereface.ops.soft_labels import (
    smooth_labels,
    soft_label_logits,
)
from keras_sphereface.ops.sphereface2 import (
    adjusted_similarity,
    sphereface2_bias,
    sphereface2_margin,
)
from keras_sphereface.ops.triplets import (
    hard_triplet_losses,
    semi_hard_triplet_losses,
)

__all__ = [
    "Margin",
    "adaface_margin",
    "adaface_quality",
    "adjusted_similarity",
    "angle",
    "angular_distances",
    "arcface_margin",
    "class_logits",
    "clip_norms",
    "combined_margin",
    "contrastive_losses",
    "cosface_margin",
    "cosines",
    "curricular_negatives",
    "curricularface_values",
    "detach_characteristic",
    "distances",
    "falling_cosine",
    "hard_triplet_losses",
    "hyperspherical_energy",
    "inverse_column_norms",
    "largest_for_hardest",
    "leave_out",
    "logits_of_cosines",
    "magface_angle_margin",
    "magface_penalty",
    "npairs_losses",
    "replace_in_rows",
    "safe_normalize",
    "semi_hard_triplet_losses",
    "simple_losses",
    "simple_pair_losses",
    "simple_scores",
    "smooth_labels",
    "soft_label_logits",
    "sphereface2_bias",
    "sphereface2_margin",
    "sphereface_margin",
    "spherefacer_margin",
    "spherefacer_v1_margin",
    "spherefacer_v2_margin",
    "squared_distances",
    "supervised_contrastive_losses",
    "take_in_rows",
]
