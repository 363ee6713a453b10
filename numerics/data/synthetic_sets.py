"""The synthetic sets: each draws its teacher once, and can then be sampled as often as needed."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import combinations_with_replacement
from typing import Any

import numpy as np
from numpy.typing import NDArray

from numerics.checks import require_integer
from numerics.data.gaussian import gaussian_inputs, random_directions, random_rotation
from numerics.data.labels import random_labels
from numerics.data.mixture import alignment_breaking_mixture
from numerics.data.teachers import chain_monomial, linear_teacher, multi_index, quadratic_teacher
from numerics.errors import InputError

MOST_TERMS = 1000
"""Bound on the monomials of a multi-index teacher, so that a typo does not fill the memory."""

Rng = np.random.Generator
Array = NDArray[Any]
Draw = Callable[[int], tuple[Array, Array]]
"""Draws so many samples from one distribution: inputs and targets."""


def _inputs(d: int, rng: Rng, decay: Any, trace: Any, rotate: bool) -> Callable[[int], Array]:
    rotation = random_rotation(d, rng) if rotate else None
    return lambda n: gaussian_inputs(n, d, decay, rng, trace=trace, rotation=rotation)


def _taught(inputs: Callable[[int], Array], teacher: Callable[[Array], Array]) -> Draw:
    def draw(n: int) -> tuple[Array, Array]:
        X = inputs(n)
        return X, teacher(X)

    return draw


def _linear(
    d: int, rng: Rng, *, outputs: Any = 1, decay: Any = 0.0, trace: Any = None, rotate: bool = False
) -> tuple[Draw, Array]:
    require_integer("outputs", outputs, 1)
    B = rng.standard_normal((d, outputs)) / np.sqrt(d)
    U = np.linalg.qr(B)[0]
    return _taught(_inputs(d, rng, decay, trace, rotate), lambda X: linear_teacher(X, B)), U


def _quadratic(
    d: int, rng: Rng, *, rank: Any = None, decay: Any = 0.0, trace: Any = None, rotate: bool = False
) -> tuple[Draw, Array]:
    U = random_directions(d, d if rank is None else rank, rng)
    Q = (U * (rng.standard_normal(U.shape[1]) / np.sqrt(U.shape[1]))) @ U.T
    return _taught(_inputs(d, rng, decay, trace, rotate), lambda X: quadratic_teacher(X, Q)), U


def _chain(
    d: int, rng: Rng, *, rank: Any = 3, decay: Any = 0.0, trace: Any = None, rotate: bool = False
) -> tuple[Draw, Array]:
    require_integer("rank", rank, 1, d)
    U = np.eye(d)[:, :rank]
    return _taught(_inputs(d, rng, decay, trace, rotate), lambda X: chain_monomial(X, rank)), U


def _multi_index(
    d: int,
    rng: Rng,
    *,
    rank: Any = 2,
    degree: Any = 3,
    decay: Any = 0.0,
    trace: Any = None,
    rotate: bool = False,
) -> tuple[Draw, Array]:
    require_integer("degree", degree, 1)
    require_integer("rank", rank, 1, d)
    terms = math.comb(rank + degree, degree) - 1
    if terms > MOST_TERMS:
        raise InputError(f"multi_index must have at most {MOST_TERMS} monomials, got rank and degree with {terms}")
    U = random_directions(d, rank, rng)
    factors = [chosen for k in range(1, degree + 1) for chosen in combinations_with_replacement(range(rank), k)]
    exponents = np.array([[chosen.count(i) for i in range(rank)] for chosen in factors])
    c = rng.standard_normal(len(factors))
    return _taught(_inputs(d, rng, decay, trace, rotate), lambda X: multi_index(X, U, exponents, c)), U


def _random(
    d: int,
    rng: Rng,
    *,
    outputs: Any = 1,
    law: str = "gaussian",
    decay: Any = 0.0,
    trace: Any = None,
    rotate: bool = False,
) -> tuple[Draw, None]:
    inputs = _inputs(d, rng, decay, trace, rotate)
    return lambda n: (inputs(n), random_labels(n, rng, outputs=outputs, law=law)), None


def _mixture(d: int, rng: Rng, *, balance: Any = 0.1, variance: Any = 0.0, strengths: Any = None) -> tuple[Draw, Array]:
    options = {"balance": balance, "variance": variance, "strengths": strengths}
    require_integer("d", d, 2)
    return lambda n: alignment_breaking_mixture(n, d, rng, **options), np.eye(d)[:, :2]


SETS: dict[str, Callable[..., tuple[Draw, Array | None]]] = {
    "linear_teacher": _linear,
    "quadratic_teacher": _quadratic,
    "chain_monomial": _chain,
    "multi_index": _multi_index,
    "random_labels": _random,
    "alignment_breaking_mixture": _mixture,
}
"""Each takes d and the generator, and gives the sampler and the teacher's directions (or None)."""
