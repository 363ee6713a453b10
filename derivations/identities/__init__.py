"""What the ansatz says."""

from typing import Final

from derivations.chapter import Chapter

CHAPTER: Final = Chapter(
    slug="identities",
    title="What the ansatz says",
    summary="The AGOP factors through the weights; UC-NFA splits into what was there at the start and what training "
    "made.",
    reading_order=(
        "factorization",
        "decomposition",
        "initialization",
        "stationarity",
    ),
)
