"""What the data decide: when alignment is high, what breaks it, what is found.

`alignment_rates` tells how fast alignment tends to 1 with isotropic inputs. `breaking_mixture` has two directions
that break it. `feature_quality` asks which directions of a teacher early features contain, and
`feature_quality_samples` what finitely many samples do to that. `gaussian_labels` is what linear and quadratic
networks see of labels of any kind. Files that end in ``instance`` judge the chapter in numbers.
"""

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
