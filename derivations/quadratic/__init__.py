"""Quadratic networks: everything follows from two moments of the data and one of the weights.

`leading_order` derives the early features; `infinite_width` and `finite_width` average over the weights,
`finite_sample` over the samples, `random_labels` over both in proportion. `population` closes the flow on Gaussian
inputs; `series` expands it in time, and `trained_readout` trains the second layer too. The files that end in
``instance``, and `fluctuations`, judge the chapter in numbers.
"""

from typing import Final

from derivations.chapter import Chapter

CHAPTER: Final = Chapter(
    slug="quadratic",
    title="Quadratic networks",
    summary="From two moments of the data: every width, finitely many samples, random labels, powers of time.",
    reading_order=(
        "leading_order",
        "infinite_width",
        "finite_width",
        "finite_sample",
        "random_labels",
        "population",
        "series",
        "trained_readout",
    ),
)
