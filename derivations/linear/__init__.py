"""Linear networks: the flow closes over two covariances.

`closed_flow` derives this for any depth. `series` expands features and alignments in time, with the polynomials of
`features`; `scalar_output` finds where the C-NFA of one output leaves 1. `expectation` averages over Gaussian weights
at any width, and `equal_strengths` goes to the second order in its inverse. `one_layer` and `speed_limited` let
layers move at speeds of their own. `decoupled` and `balanced` are starts with exact solutions. The networks with
numbers that judge the chapter are `instance` and `decoupled_instance`.
"""

from typing import Final

from derivations.chapter import Chapter

CHAPTER: Final = Chapter(
    slug="linear",
    title="Linear networks",
    summary="The flow closes over two covariances: series in time, averages over weights, exact solutions.",
    reading_order=(
        "closed_flow",
        "series",
        "scalar_output",
        "expectation",
        "equal_strengths",
        "one_layer",
        "speed_limited",
        "decoupled",
        "balanced",
    ),
)
