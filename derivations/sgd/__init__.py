"""SGD as it is practiced: finite steps, batches, label noise, and the first step of other optimizers.

Read `one_step` first: what a step does to overlaps of the weights. `closed_equations` takes it to high dimension, where
they follow an equation of their own; `moments` and `erf_moments` are what it needs of an activation, and `overlaps`
turns it into alignments. `early_noise` says what the scatter of the steps does to the early C-NFA. `first_step`,
`sign_step` and `muon_step` compare gradient descent with other optimizers.
"""

from typing import Final

from derivations.chapter import Chapter

CHAPTER: Final = Chapter(
    slug="sgd",
    title="SGD as it is practiced",
    summary="Finite steps, batches and label noise scatter the weights, and so does the choice of the optimizer.",
    reading_order=(
        "one_step",
        "closed_equations",
        "moments",
        "erf_moments",
        "overlaps",
        "early_noise",
        "first_step",
        "sign_step",
        "muon_step",
    ),
)
