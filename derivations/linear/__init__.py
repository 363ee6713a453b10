"""Linear networks."""

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
