r"""A random matrix of infinite size between two populations of neurons, known only by what passed through it.

Entries of ``W`` (upper x lower) are standard Gaussian. Where ``phi`` passes up as ``W phi / sqrt(k)`` and ``g`` down as
``W^T g / sqrt(k)``, the two are, in the limit and given the past, Gaussian fields plus a response:

    W phi / sqrt(k)   = E_up c   + Q_up R        c = <Q_low phi>,  R = <E_low phi>
    W^T g / sqrt(k)   = E_low c' + Q_low R'      c' = <Q_up g>,    R' = <E_up g>

``Q_low`` and ``Q_up`` are orthonormal bases (in mean square over neurons) of everything that has passed up or down,
``E_up`` and ``E_low`` independent standard normal numbers, one column for each column of a basis. The fields ``E c``
have the covariances of what passed; ``R`` is by Stein's identity the mean derivative of what passes up by the field
that came down before, and the other way round (the response functions of dynamical mean-field theory, Bordelon and
Pehlevan, arXiv 2205.09653). New columns are drawn orthogonal to all that a population knows, as independent numbers are
in the limit, so that few neurons do.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float

KEPT = 1e-5
"""Share of the mean square of what passes that is not worth a column of a basis."""


@dataclass
class Population:
    """The neurons of one layer, and what they know of a matrix.

    Parameters
    ----------
    known : (N, .) array
        Orthonormal columns that new random numbers are independent of.
    paired : bool
        Whether the first random numbers of both halves are the same.
    Q, E : (N, .) array
        Basis of what these neurons sent, and the random numbers that they receive.
    """

    known: Float[np.ndarray, "N q"]
    paired: bool = False
    Q: Float[np.ndarray, "N p"] = field(init=False)
    E: Float[np.ndarray, "N e"] = field(init=False)

    def __post_init__(self) -> None:
        self.Q = self.E = self.known[:, :0]

    def send(self, signals: Float[np.ndarray, "N m"]) -> int:
        """Extend the basis so that it holds some signals; return by how many columns."""
        rest = _without(_without(signals, self.Q), self.Q)
        U, sizes, _ = np.linalg.svd(rest, full_matrices=False)
        new = U[:, sizes**2 > KEPT * np.mean(np.sum(signals**2, axis=0))] * np.sqrt(len(signals))
        self.Q = np.hstack([self.Q, new])
        self.learn(new)
        return int(new.shape[1])

    def receive(self, count: int, rng: np.random.Generator) -> None:
        """Draw random numbers for as many columns as the other population added."""
        N = len(self.known)
        e = rng.standard_normal((N, count))
        if self.paired and not self.E.shape[1]:
            e[N // 2 :] = e[: N // 2]
        e = _without(_without(e, self.known), self.known)
        root = np.linalg.cholesky(e.T @ e / N)
        e = np.linalg.solve(root, e.T).T
        self.E = np.hstack([self.E, e])
        self.learn(e)

    def learn(self, columns: Float[np.ndarray, "N m"]) -> None:
        """Remember columns; at most half of the neurons' dimensions, the oldest."""
        rest = _without(_without(columns, self.known), self.known)
        U, sizes, _ = np.linalg.svd(rest, full_matrices=False)
        new = U[:, sizes**2 > KEPT * len(rest)] * np.sqrt(len(rest))
        self.known = np.hstack([self.known, new])[:, : len(rest) // 2]


@dataclass(frozen=True)
class SeenMatrix:
    """Gaussian weights between two populations.

    Parameters
    ----------
    lower, upper : Population
        The neurons below and above.
    rng : numpy.random.Generator
        Draws what has not been seen.
    """

    lower: Population
    upper: Population
    rng: np.random.Generator

    def up(self, signals: Float[np.ndarray, "N m"]) -> Float[np.ndarray, "N m"]:
        """Return ``W phi / sqrt(k)``."""
        if added := self.lower.send(signals):
            self.upper.receive(added, self.rng)
        return self.passed(self.lower, self.upper, signals)

    def down(self, signals: Float[np.ndarray, "N m"]) -> Float[np.ndarray, "N m"]:
        """Return ``W^T g / sqrt(k)``."""
        if added := self.upper.send(signals):
            self.lower.receive(added, self.rng)
        return self.passed(self.upper, self.lower, signals)

    def passed(
        self, source: Population, target: Population, signals: Float[np.ndarray, "N m"]
    ) -> Float[np.ndarray, "N m"]:
        """Return what a population receives of signals, but for what they have outside the basis."""
        N = len(signals)
        fields: Float[np.ndarray, "N m"] = target.E @ (source.Q.T @ signals / N)
        fields += target.Q @ (source.E.T @ signals / N)
        return fields

    def unseen(self, signals: Float[np.ndarray, "N m"]) -> float:
        """Return the mean square, summed over signals, of what is outside the basis of the lower population."""
        return float(np.sum(_without(signals, self.lower.Q) ** 2) / len(signals))


def _without(columns: Any, basis: Any) -> Any:
    return columns - basis @ (basis.T @ columns / len(columns))
