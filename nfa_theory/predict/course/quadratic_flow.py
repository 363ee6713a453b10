"""Quadratic networks with one hidden layer on Gaussian inputs, at all times: the population flow closes.

With ``M_i = W^T diag(a_i) W`` and ``R_i = A_i - tr(M_i Sigma) Sigma - 2 Sigma M_i Sigma`` for each output:
``dw_j = 2 sum_i a_ij R_i w_j`` and ``da_ij = w_j^T R_i w_j``, up to the multipliers of the parametrization (derivation
``quadratic.trained_readout``).
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Shaped

from nfa_theory.predict.course.alignment_series import alignment
from nfa_theory.predict.course.flow_integration import integrate
from nfa_theory.predict.course.initial_alignment import initial_uc_nfa
from numerics import MLP, Parameters


@dataclass(frozen=True)
class QuadraticFlow:
    """The flow of one quadratic network.

    Parameters
    ----------
    net : MLP
        The network.
    start : list of array
        Raw weights: (k, d) and (c, k).
    Sigma : (d, d) array
        Covariance of the inputs.
    targets : (c, d, d) array
        ``A_i = E[y_i x x^T]``, less what the function has that the network's outputs have not.
    weight_decay : float
        Rate at which weights decay, but for the learning rates of the layers.
    """

    net: MLP
    start: list[Any]
    Sigma: Any
    targets: Any
    weight_decay: float = 0.0

    @classmethod
    def of(
        cls,
        net: MLP,
        parameters: Parameters,
        Sigma: Shaped[Any, "d d"],
        A: Shaped[Any, "c d d"],
        own_function: bool,
        weight_decay: float = 0.0,
    ) -> "QuadraticFlow":
        """Write a network with its data as a flow."""
        flow = cls(net, list(parameters.weights), Sigma, A, weight_decay)
        return flow if own_function else replace(flow, targets=A + flow.output_moment(flow.start))

    @property
    def _unit(self) -> float:
        first, readout = self.net.multipliers
        return first**2 * readout

    def output_moment(self, weights: list[Any]) -> Any:
        """Compute ``E[f_i x x^T]``: shape (c, d, d)."""
        W, a = weights
        M = self._unit * np.einsum("ij,ja,jb->iab", a, W, W, optimize=True)
        SMS = self.Sigma @ M @ self.Sigma
        return np.einsum("iab,ab->i", M, self.Sigma)[:, None, None] * self.Sigma + 2 * SMS

    def velocities(self, weights: list[Any]) -> list[Any]:
        """Return the velocities of the raw weights."""
        W, a = weights
        RW = W @ (self.targets - self.output_moment(weights))  # (c, k, d)
        pulls = (2 * np.einsum("ij,ijd->jd", a, RW), np.einsum("ijd,jd->ij", RW, W))
        return [
            self.net.scaling(layer).learning_rate_scale * (self._unit * pull - self.weight_decay * V)
            for layer, (pull, V) in enumerate(zip(pulls, weights, strict=True), start=1)
        ]

    def course(self, times: Shaped[Any, "T"]) -> tuple[Any, Any, Any]:
        """Integrate the flow and measure the alignments."""
        c_nfa, uc_nfa = np.empty((2, len(times), 1))
        for i, change in enumerate(integrate(self.velocities, self.start, times)):
            W, a = (start + moved for start, moved in zip(self.start, change, strict=True))
            K = [self._ptf_covariance(W, a)]
            dW = change[0] if times[i] > 0 else self.velocities(self.start)[0]
            c_nfa[i], uc_nfa[i] = alignment([dW], K, 1)[0], alignment([W], K, 1)[0]
        return c_nfa, uc_nfa, np.array([initial_uc_nfa(self._ptf_covariance(*self.start), self.net.inputs)])

    def _ptf_covariance(self, W: Any, a: Any) -> Any:
        """Return the average of ``D^T D`` up to a factor: the slopes are ``2 a_ij w_j . x``."""
        return (a.T @ a) * (W @ self.Sigma @ W.T)
