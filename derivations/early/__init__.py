"""Early training, any architecture.

`leading_order` derives how the weights of a layer start to move, and from that the centered features and the C-NFA;
`output_kernels` simplifies them for one output and for outputs that share no features. `crossover` is the time at
which the change outweighs the start. `stochastic_gradients` averages over one batch, by the partitions of
`batch_moments`; `epoch` shows that many small steps are one. `speed_limited` gives each layer a speed of its own.
"""

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
