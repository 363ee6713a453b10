"""What the ansatz says, exactly and at every time.

`factorization` writes the AGOP of a layer as ``gamma^2 W^T K W``, so that the ansatz is about the left singular
vectors of ``W``. `decomposition` splits both matrices into what was there at the start and what training made;
`initialization` averages the former over Gaussian weights, and lets the latter grow. `stationarity` is about the
other end, a stationary point with weight decay. `layer` has the letters of one layer, which later chapters use too.
"""

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
