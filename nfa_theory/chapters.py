"""The theory by chapters: which modules of derivations belong together, in the order in which they are read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Chapter:
    """A chapter of the theory.

    Parameters
    ----------
    slug : str
        Short name for files and links.
    title : str
        A few words.
    summary : str
        One sentence.
    modules : tuple of str
        Modules of `derivations`, in order.
    """

    slug: str
    title: str
    summary: str
    modules: tuple[str, ...]


CHAPTERS: Final = (
    Chapter(
        "identities",
        "What the ansatz says",
        "The AGOP factors through the weights; UC-NFA splits into what was there at the start and what training made.",
        ("alignment_identity", "decomposition", "initialization", "crossover", "stationarity"),
    ),
    Chapter(
        "early",
        "Early training, any architecture",
        "What the first steps of gradient descent do to the features of a layer, on all samples or on batches.",
        ("leading_order", "output_kernels", "stochastic_gradients", "epoch", "speed_limited"),
    ),
    Chapter(
        "linear",
        "Linear networks",
        "The flow closes over two covariances: series in time, averages over weights, exact solutions.",
        (
            "linear_network",
            "linear_network_series",
            "linear_network_scalar",
            "linear_network_expectation",
            "linear_network_equal_strengths",
            "linear_network_one_layer",
            "linear_network_slo",
            "decoupled_linear",
            "balanced_linear",
        ),
    ),
    Chapter(
        "quadratic",
        "Quadratic networks",
        "From two moments of the data: every width, finitely many samples, random labels, powers of time.",
        ("quadratic_network",),
    ),
    Chapter(
        "wide",
        "Wide networks of any depth",
        "Kernels, the duals of activations, the correction of order one over the width, and the course in time.",
        (
            "wide_network",
            "dual_activations",
            "random_function",
            "width_correction",
            "lazy_network",
            "lazy_cross_entropy",
        ),
    ),
    Chapter(
        "data",
        "What the data decide",
        "When alignment is high, which data break it, and which directions of a teacher are found.",
        ("alignment_rates", "breaking_mixture", "feature_quality", "gaussian_labels"),
    ),
)
"""In the order of reading."""

OTHERS: Final = Chapter("others", "Further results", "Results that no chapter claims yet.", ())


def by_chapter(names: Iterable[str]) -> dict[Chapter, list[str]]:
    """Sort claims into chapters.

    Parameters
    ----------
    names : iterable of str
        ``"module.result"``.

    Returns
    -------
    dict of Chapter to list of str
        Claims in the order of a chapter's modules; a module that no chapter lists goes to the last one, "Further
        results", so that a new result is never lost. Chapters without claims are left out.

    Examples
    --------
    >>> found = by_chapter(["epoch.first_order", "mine.new", "leading_order.weight_change"])
    >>> [(chapter.slug, claims) for chapter, claims in found.items()]
    [('early', ['leading_order.weight_change', 'epoch.first_order']), ('others', ['mine.new'])]
    """
    by_module: dict[str, list[str]] = {}
    for name in names:
        by_module.setdefault(name.partition(".")[0], []).append(name)
    found = {chapter: _take(by_module, chapter.modules) for chapter in CHAPTERS}
    found[OTHERS] = _take(by_module, tuple(by_module))
    return {chapter: claims for chapter, claims in found.items() if claims}


def _take(by_module: dict[str, list[str]], modules: tuple[str, ...]) -> list[str]:
    return [name for module in modules for name in by_module.pop(module, [])]
