"""Wide networks of any depth.

`kernels` derives the two recursions over layers; what an activation does in them is its dual, `dual_activations`
(judged by the integrals of `dual_averages` and `dual_obligations`). `random_function` averages over the function at
the start. `width_correction` is the first order in the inverse width, from the `slope_moments`, judged by
`width_correction_instance`. `lazy_training` and `lazy_cross_entropy` follow the features in time where kernels stand
still.
"""

from typing import Final

from derivations.chapter import Chapter

CHAPTER: Final = Chapter(
    slug="wide",
    title="Wide networks of any depth",
    summary="Kernels, the duals of activations, the correction of order one over the width, and the course in time.",
    reading_order=(
        "kernels",
        "dual_activations",
        "random_function",
        "width_correction",
        "lazy_training",
        "lazy_cross_entropy",
    ),
)
