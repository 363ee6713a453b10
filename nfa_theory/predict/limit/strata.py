"""Random subsets with a fixed share of every class, and the weights that make sums over them unbiased.

Classes that are hit by chance too often or too rarely are most of the noise of plain subsets: a share fixed in advance
removes it. Where few samples are most of a sum, classes are divided by the size of their samples, and the large ones
are drawn more often. A term with several samples of one part is weighted by the inverse chance that all of them are
drawn.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

MOST = 64
"""With more different labels than this there is one class."""
LEVELS = 4
"""Parts of a class, where samples have weights."""


@dataclass(frozen=True)
class Strata:
    """A partition of the samples, and how many to draw of each part.

    Parameters
    ----------
    members : list of (n_s,) array of int
        The samples of each part.
    drawn : list of int
        How many of them a subset has.
    """

    members: list[Any]
    drawn: list[int]

    @property
    def parts(self) -> list[slice]:
        """Where each part stands in a subset."""
        ends = np.cumsum(self.drawn).tolist()
        return [slice(end - count, end) for end, count in zip(ends, self.drawn, strict=True)]

    def draw(self, rng: np.random.Generator) -> Any:
        """Draw a subset, part after part: sample numbers, (m,)."""
        pairs = zip(self.members, self.drawn, strict=True)
        return np.concatenate([np.sort(rng.choice(members, count, replace=False)) for members, count in pairs])

    def inverse_chances(self, samples: int) -> list[float]:
        """Return the inverse chance that so many given samples of a part are all drawn, by part; 0 if it is none."""
        chances = []
        for members, count in zip(self.members, self.drawn, strict=True):
            weight = 1.0
            for i in range(samples):
                weight *= (len(members) - i) / (count - i) if count > i else 0.0
            chances.append(weight)
        return chances


def stratify(Y: Float[np.ndarray, "n c"], size: int, weights: Float[np.ndarray, " n"] | None = None) -> Strata:
    """Divide samples by their labels, and by their weights.

    Examples
    --------
    >>> strata = stratify(np.eye(2)[[0, 0, 0, 0, 0, 0, 1, 1]], 4)
    >>> strata.drawn, strata.inverse_chances(2)
    ([2, 3], [1.0, 5.0])
    >>> stratify(np.ones((6, 1)), 6, np.array([1.0, 1, 1, 1, 2, 10])).members
    [array([0, 1, 2, 3]), array([4]), array([5])]
    """
    _, classes = np.unique(Y, axis=0, return_inverse=True)
    classes = classes.reshape(-1)
    if classes.max() >= MOST:
        classes = np.zeros_like(classes)
    members = [np.flatnonzero(classes == each) for each in range(classes.max() + 1)]
    w = np.ones(len(Y)) if weights is None else np.asarray(weights, dtype=np.float64)
    if weights is not None:
        members = [part for each in members for part in _levels(each, w)]
    drawn = [min(len(each), max(3, round(size * w[each].sum() / w.sum()))) for each in members]
    return Strata(members, drawn)


def _levels(members: Any, weights: Any) -> list[Any]:
    """Divide the samples of a class, from small to large, into parts of the same total weight."""
    ordered = members[np.argsort(weights[members], kind="stable")]
    below = np.cumsum(weights[ordered]) - weights[ordered] / 2
    level = (LEVELS * below / (weights[ordered].sum() or 1)).astype(int)
    return [np.sort(ordered[level == each]) for each in np.unique(level)]


def unbiased_kernels(kappa: Float[np.ndarray, "m m"], strata: Strata) -> tuple[Any, Any]:
    """Weight the terms of ``kappa`` and ``kappa^2`` by the inverse chance that their samples are in the subset."""
    dtype, n = kappa.dtype, sum(len(members) for members in strata.members)
    one, two, three = (np.array(strata.inverse_chances(samples)) for samples in (1, 2, 3))
    w = np.repeat(one / n, strata.drawn).astype(dtype)
    same = (two / one**2).astype(dtype)  # a pair of one part, against samples drawn independently
    triple = (three / one**3).astype(dtype)
    diagonal, apart = kappa.diagonal().copy(), kappa.copy()
    np.fill_diagonal(apart, 0)
    paths = (apart * w) @ apart  # over a third sample
    pair = np.ones_like(kappa)
    for part, c2 in zip(strata.parts, same, strict=True):
        pair[part, part] = c2
    paths *= pair
    for part, c2, c3 in zip(strata.parts, same, triple, strict=True):
        through = (apart[part, part] * w[part]) @ apart[part]
        within = (c3 - c2) * through[:, part]
        through *= c2 - 1
        through[:, part] = 0
        paths[part] += through
        paths[:, part] += through.T
        paths[part, part] += within
    pair *= w[:, None] * w
    twice = pair * apart
    on_diagonal = (twice * apart).sum(axis=1) / n + w * diagonal**2 / dtype.type(n) ** 2
    second = paths * (w[:, None] * w) + twice * (diagonal[:, None] + diagonal) / dtype.type(n)
    np.fill_diagonal(twice, w * diagonal / dtype.type(n))
    np.fill_diagonal(second, on_diagonal)
    return twice, second
