"""Pure formulas: angles, margins, energies, pairs, triplets."""

from keras_sphereface.ops.additive_margins import (
    adaface_margin,
    adaface_quality,
    arcface_margin,
    clip_norms,
    combined_margin,
    cosface_margin,
    magface_angle_margin,
    magface_penalty,
)
from keras_sphereface.ops.angles import angle, falling_cosine, safe_normalize
from keras_sphereface.ops.class_margins import (
    apply_target_margin,
    curricularface_margins,
    elementwise_margins,
    is_target,
    spherefacer_functions,
    spherefacer_margins,
    target_cosines,
)
from keras_sphereface.ops.contrast import (
    contrastive_losses,
    npairs_losses,
    simple_losses,
    supervised_contrastive_losses,
)
from keras_sphereface.ops.cosines import cosines
from keras_sphereface.ops.detachment import detach_characteristic
from keras_sphereface.ops.hyperspherical_energy import hyperspherical_energy
from keras_sphereface.ops.margins import (
    sphereface_margin,
    spherefacer_v1_margin,
    spherefacer_v2_margin,
)
from keras_sphereface.ops.pair_distances import (
    angular_distances,
    distances,
    squared_distances,
)
from keras_sphereface.ops.sphereface2 import (
    adjusted_similarity,
    check_sphereface2_arguments,
    sphereface2_bias,
    sphereface2_functions,
    sphereface2_losses,
    sphereface2_margins,
)
from keras_sphereface.ops.triplets import (
    hard_triplet_losses,
    semi_hard_triplet_losses,
)
from keras_sphereface.ops.uniface import uniface_losses

__all__ = [
    "adaface_margin",
    "adaface_quality",
    "adjusted_similarity",
    "angle",
    "angular_distances",
    "apply_target_margin",
    "arcface_margin",
    "check_sphereface2_arguments",
    "clip_norms",
    "combined_margin",
    "contrastive_losses",
    "cosface_margin",
    "cosines",
    "curricularface_margins",
    "detach_characteristic",
    "distances",
    "elementwise_margins",
    "falling_cosine",
    "hard_triplet_losses",
    "hyperspherical_energy",
    "is_target",
    "magface_angle_margin",
    "magface_penalty",
    "npairs_losses",
    "safe_normalize",
    "semi_hard_triplet_losses",
    "simple_losses",
    "sphereface2_bias",
    "sphereface2_functions",
    "sphereface2_losses",
    "sphereface2_margins",
    "sphereface_margin",
    "spherefacer_functions",
    "spherefacer_margins",
    "spherefacer_v1_margin",
    "spherefacer_v2_margin",
    "squared_distances",
    "supervised_contrastive_losses",
    "target_cosines",
    "uniface_losses",
]
