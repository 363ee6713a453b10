"""Top directions: the leading eigenvectors of the predicted ``F_c`` and ``G_c`` of the first layer, in input space.

``F_c ~ X^T P X`` and ``G_c ~ X^T Q X`` are applied to vectors, never stored where they would be larger than the data.
For a random initial function they are the means over it, since both are linear in ``R R^T``. Deeper layers have no
input space that two networks share; of theirs `AlignmentPrediction.dimensions` tells the spectrum's width.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from scipy.linalg import eigh
from scipy.sparse.linalg import LinearOperator, eigsh

from nfa_theory.predict.kernels.all_pairs import AllPairs
from nfa_theory.predict.kernels.blocks import inner, row_blocks
from nfa_theory.predict.limit.layer_features import features_of_few_inputs
from nfa_theory.predict.limit.subsets import first_layer_estimates
from nfa_theory.predict.problem.problem import Problem

DENSE = 256
"""Up to so many inputs all eigenvectors are computed, and the leading ones taken."""


@dataclass(frozen=True, eq=False)
class TopDirections:
    """Leading eigenvectors of the centered features of the first layer, early in training at infinite width.

    Parameters
    ----------
    nfm, agop : (count, d) array
        Unit vectors in input space, the leading first; the entry that is largest in size is positive.
    nfm_share, agop_share : (count,) array
        Each eigenvalue over the trace.
    """

    nfm: Any
    nfm_share: Any
    agop: Any
    agop_share: Any

    @property
    def overlap(self) -> float:
        """Mean squared cosine between the two spaces, ``|U V^T|_F^2 / count``: 1 if they are the same."""
        return float(np.sum((self.nfm @ self.agop.T) ** 2) / len(self.nfm))


class _Features(NamedTuple):
    """A symmetric matrix in input space that is only applied.

    Parameters
    ----------
    apply : callable
        From vectors (d, ...) to vectors.
    trace : float
        Its trace.
    """

    apply: Callable[[Any], Any]
    trace: float


def top_directions(problem: Problem, subsets: bool, count: int, rng: np.random.Generator) -> TopDirections:
    """Compute the leading directions of the first step on all samples."""
    d = problem.X.shape[1]
    if subsets:
        found = [_leading(each, d, count, rng) for each in _of_subsets(problem, rng)]
    else:
        pairs = AllPairs(problem, rng)
        if pairs.few_inputs:
            matrices = features_of_few_inputs(pairs)
            found = [_leading(_Features(M.__matmul__, float(M.trace())), d, count, rng) for M in matrices]
        else:
            found = [_leading(each, d, count, rng) for each in _of_all(pairs)]
    (nfm_share, nfm), (agop_share, agop) = found
    return TopDirections(nfm, nfm_share, agop, agop_share)


def _of_all(pairs: AllPairs) -> tuple[_Features, _Features]:
    """Apply ``X^T P X`` and ``X^T Q X``."""
    P, Q = pairs.weighted()
    X, S = pairs.X, pairs.S

    def features(times: Callable[[Any], Any], rows_of: Callable[[slice], Any]) -> _Features:
        trace = sum(inner(rows_of(rows), S[rows]) for rows in row_blocks(len(X)))
        return _Features(lambda v: X.T @ times(X @ v), X.shape[1] * trace)

    return features(P.times, P.rows), features(Q.__matmul__, Q.__getitem__)


def _of_subsets(problem: Problem, rng: np.random.Generator) -> tuple[_Features, _Features]:
    """Apply means over subsets of unbiased estimates of both matrices."""
    estimates = first_layer_estimates(problem, rng)

    def mean(place: int) -> _Features:
        def apply(v: Any) -> Any:
            return sum(Z.T @ (each[place] @ (Z @ v)) for Z, *each in estimates)

        return _Features(apply, sum(inner(each[place], Z @ Z.T) for Z, *each in estimates))

    return mean(0), mean(1)


def _leading(features: _Features, d: int, count: int, rng: np.random.Generator) -> tuple[Any, Any]:
    """Find the leading eigenvalues over the trace, and the eigenvectors as rows."""
    if d <= DENSE or count > d // 4:
        dense = features.apply(np.eye(d))
        values, vectors = eigh(np.asarray(dense, dtype=np.float64))
    else:
        operator = LinearOperator((d, d), matvec=lambda v: features.apply(v.ravel()), dtype=np.float64)
        values, vectors = eigsh(operator, k=count, which="LA", v0=rng.standard_normal(d))
    order = np.argsort(values)[::-1][:count]
    rows = vectors[:, order].T
    largest = rows[np.arange(count), abs(rows).argmax(axis=1)]
    return values[order] / features.trace, rows * np.sign(largest)[:, None]
