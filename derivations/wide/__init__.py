"""Wide networks of any depth."""

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
