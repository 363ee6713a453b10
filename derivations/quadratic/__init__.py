"""Quadratic networks."""

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
