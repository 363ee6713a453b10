"""SGD as it is practiced: finite steps, batches, label noise, and the first step of other optimizers.

Read `moments` first: what the misses of a network average to. Then `overlaps`: alignments as functions of a few
overlaps. `early_noise` says what the scatter of the steps does to the early C-NFA, and `first_step` compares gradient
descent with Muon.
"""

from typing import Final

from derivations.chapter import Chapter

CHAPTER: Final = Chapter(
    slug="sgd",
    title="SGD as it is practiced",
    summary="Finite steps, batches and label noise scatter the weights, and so does the choice of the optimizer.",
    reading_order=("moments", "overlaps", "early_noise", "first_step"),
)
