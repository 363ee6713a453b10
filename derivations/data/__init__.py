"""What the data decide."""

from typing import Final

from derivations.chapter import Chapter

CHAPTER: Final = Chapter(
    slug="data",
    title="What the data decide",
    summary="When alignment is high, which data break it, and which directions of a teacher are found.",
    reading_order=(
        "alignment_rates",
        "breaking_mixture",
        "feature_quality",
        "feature_quality_samples",
        "gaussian_labels",
    ),
)
