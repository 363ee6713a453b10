"""The closed equations of the overlaps, integrated.

A state holds, for each eigenvalue ``lambda`` of the input covariance, the Gram matrix over ``d`` of current weights,
initial weights and teacher in the eigenspace, and the readout. With the matrix ``A`` that writes the pull of the misses
on each student as a combination of rows, time being steps over ``d``,

    d Omega / dt = lambda (A Omega + Omega A^T) + lambda share (eta^2 / b) a a^T o E[(Delta^2 + sigma^2) phi' phi'^T],

the last term among current weights only. Fields have the covariance ``sum lambda Omega``; what enters for quadratic
networks is the claim ``sgd.quadratic_moments``.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Float
from scipy.integrate import solve_ivp

from nfa_theory.predict.online.committee import Committee, Moments
from numerics import InputError


@dataclass(frozen=True)
class State:
    """Overlaps and readout at one time.

    Parameters
    ----------
    overlaps : (e, 2 k + m, 2 k + m) array
        By eigenvalue: current weights, initial weights, teacher.
    readout : (k,) array
        ``a``.
    """

    overlaps: Float[Any, "e r r"]
    readout: Float[Any, " k"]

    def flat(self) -> Float[Any, " s"]:
        """Return the state as one vector."""
        return np.concatenate([self.overlaps.ravel(), self.readout])


@dataclass(frozen=True)
class OnlineProblem:
    """One-pass SGD of a committee machine on a teacher.

    Parameters
    ----------
    start : State
        At time 0.
    teacher_readout : (m,) array
        ``v``.
    committee : Committee
        The activation.
    learning_rate, readout_rate : float
        ``eta`` of weights and of the readout.
    batch_size : int
        ``b``.
    label_noise : float
        Standard deviation ``sigma``.
    eigenvalues, shares : (e,) array
        Of the input covariance, and the share of directions that has each.
    """

    start: State
    teacher_readout: Float[Any, " m"]
    committee: Committee
    learning_rate: float
    readout_rate: float
    batch_size: int
    label_noise: float
    eigenvalues: Float[Any, " e"]
    shares: Float[Any, " e"]

    @cached_property
    def k(self) -> int:
        """The number of students."""
        return len(self.start.readout)

    @cached_property
    def _fields(self) -> Any:
        """The rows that have a local field: current weights and teacher."""
        rows = self.start.overlaps.shape[-1]
        return np.r_[0 : self.k, 2 * self.k : rows]

    def state(self, flat: Float[Any, " s"]) -> State:
        """Read a state from a vector."""
        size = self.start.overlaps.size
        return State(flat[:size].reshape(self.start.overlaps.shape), flat[size:])

    def moments(self, state: State) -> Moments:
        """Average over the local fields."""
        C = np.tensordot(self.eigenvalues, state.overlaps, 1)[np.ix_(self._fields, self._fields)]
        s = np.concatenate([-state.readout, self.teacher_readout])
        return self.committee.moments(C, s, self.k)

    def noise(self, state: State, found: Moments) -> Float[Any, "k k"]:
        """Return what the fluctuations of the steps add to the overlaps of the weights, per unit of time."""
        a = state.readout
        scattered = found.noise + self.label_noise**2 * found.slopes
        return self.learning_rate**2 / self.batch_size * np.outer(a, a) * scattered

    def velocity(self, state: State) -> State:
        """Return the time derivative of a state."""
        found, k = self.moments(state), self.k
        rows = state.overlaps.shape[-1]
        A = np.zeros((rows, rows))
        A[np.ix_(range(k), self._fields)] = self.learning_rate * state.readout[:, None] * found.pull
        drift = A @ state.overlaps
        change = drift + drift.transpose(0, 2, 1)
        change[:, :k, :k] += self.shares[:, None, None] * self.noise(state, found)
        return State(self.eigenvalues[:, None, None] * change, self.readout_rate * found.readout)

    def solve(self, times: Float[Any, " t"]) -> list[State]:
        """Integrate to each of some times."""
        with np.errstate(all="ignore"):  # overlaps that diverge are refused below
            solution = solve_ivp(
                lambda _, flat: self.velocity(self.state(flat)).flat(),
                (0.0, float(times[-1])),
                self.start.flat(),
                method="RK45",
                t_eval=times,
                rtol=self.committee.rtol,
                atol=self.committee.rtol / 100,
            )
        if not solution.success or not np.all(np.isfinite(solution.y)):
            raise InputError(
                f"the overlaps must stay finite until the last time, got learning_rate={self.learning_rate:g}: "
                "a smaller learning_rate, or earlier times"
            )
        return [self.state(each) for each in solution.y.T]
