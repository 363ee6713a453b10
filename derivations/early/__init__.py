"""Early training, any architecture."""

from typing import Final

from derivations.chapter import Chapter

CHAPTER: Final = Chapter(
    slug="early",
    title="Early training, any architecture",
    summary="What the first steps of gradient descent do to the features of a layer, on all samples or on batches.",
    reading_order=(
        "leading_order",
        "output_kernels",
        "crossover",
        "stochastic_gradients",
        "epoch",
        "speed_limited",
    ),
)
