"""Linear networks at all times: their gradient flow sees the data through a loss of the map that they compute.

``dW = B^T E A^T`` for a layer between the products ``B`` above and ``A`` below it, with ``E`` minus the derivative of
the loss by the whole product: for squared error ``Sigma_yx - B W A Sigma_xx`` (derivation ``linear.closed_flow``).
Biases are weights of an input that is always 1: each layer gets one more input and passes it on.

With one hidden layer and no biases only the products of the columns of ``W1`` and of the rows of ``W2`` count. A wide
network moves like a narrow one with the same products (derivation ``training.agop_of_nfm``), so that the cost of the
flow does not depend on the width.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Shaped

from nfa_theory.predict.course.alignment_series import alignment
from nfa_theory.predict.course.flow_integration import integrate
from nfa_theory.predict.course.initial_alignment import initial_uc_nfa
from nfa_theory.predict.course.linear_pull import Pull
from nfa_theory.predict.problem.data_statistics import ROUNDING
from numerics import MLP, Parameters

RTOL = 1e-12
"""Relative tolerance of the integration."""


@dataclass(frozen=True)
class LinearFlow:
    """The flow of one linear network, in the principal axes of its inputs.

    Parameters
    ----------
    net : MLP
        The network.
    start : list of array
        Effective weights (multiplier included), with the bias as last column and a row that passes on the 1.
    rates, decays : list of array
        Learning rate of each effective weight, zero for what does not move, and the rate at which it decays.
    pull : Pull
        Minus the derivative of the loss by the map of inputs (with the 1 that biases see).
    still : (k, .) array
        Weights of the first layer in directions in which the inputs do not vary: the loss does not move them.
    still_decay : float
        The rate at which these decay.
    """

    net: MLP
    start: list[Any]
    rates: list[Any]
    decays: list[Any]
    pull: Pull
    still: Any
    still_decay: float = 0.0

    @classmethod
    def of(
        cls,
        net: MLP,
        parameters: Parameters,
        Sigma_xx: Any,
        pull: Pull,
        own_function: bool,
        weight_decay: float = 0.0,
    ) -> "LinearFlow":
        """Write a network with its data as a flow."""
        start, rates, decays = [], [], []
        for layer, W in enumerate(parameters.weights, start=1):
            scaling = net.scaling(layer)
            V, rate = scaling.multiplier * W, np.full(W.shape, scaling.learning_rate_scale * scaling.multiplier**2)
            decay = np.full(W.shape, scaling.learning_rate_scale * weight_decay)
            if parameters.biases:
                V = np.column_stack([V, parameters.biases[layer - 1]])
                rate = np.column_stack([rate, np.full(len(V), scaling.learning_rate_scale)])
                decay = np.column_stack([decay, np.zeros(len(V))])
                if layer <= net.depth:
                    V = np.vstack([V, np.eye(V.shape[1])[-1]])
                    rate, decay = (np.vstack([each, np.zeros(V.shape[1])]) for each in (rate, decay))
            start.append(V)
            rates.append(rate)
            decays.append(decay)
        still = start[0][:, :0]
        if not parameters.biases:
            values, Q = np.linalg.eigh(Sigma_xx)
            varies = values > ROUNDING * values[-1]
            still, rates[0], decays[0] = start[0] @ Q[:, ~varies], rates[0][:, varies], decays[0][:, varies]
            start[0], pull = start[0] @ Q[:, varies], pull.along(Q[:, varies])
            if net.depth == 1:
                start, still = narrowed(start, still)
                rates, decays = ([each[:1, :1] for each in kind] for kind in (rates, decays))
        if not own_function:
            pull = pull.shifted(_product(start, start[0].shape[1]))
        return cls(net, start, rates, decays, pull, still, net.scaling(1).learning_rate_scale * weight_decay)

    def velocities(self, weights: list[Any]) -> list[Any]:
        """Return the velocities of all effective weights."""
        below: list[Any] = [np.eye(self.start[0].shape[1])]
        for W in weights:
            below.append(W @ below[-1] if len(below) > 1 else W)
        E = self.pull(below[-1])
        found, above = [], np.eye(len(E))
        for W, A, rate, decay in zip(weights[::-1], below[-2::-1], self.rates[::-1], self.decays[::-1], strict=True):
            found.append(rate * (above.T @ (E @ A.T)) - decay * W)  # outputs are few: this order is the cheap one
            above = above @ W
        return found[::-1]

    def course(self, times: Shaped[Any, "T"]) -> tuple[Any, Any, Any]:
        """Integrate the flow and measure the alignments."""
        return *self.alignments(self.changes(times), times), self.initial_uc_nfa()

    def initial_uc_nfa(self) -> Float[np.ndarray, " depth"]:
        """Return the UC-NFA of each hidden layer at initialization in closed form."""
        sizes = zip(self._ptf_covariances(self.start), self.net.widths, self.net.widths[1:], strict=False)
        return np.array([initial_uc_nfa(K, m, k) for K, m, k in sizes])

    def changes(self, times: Shaped[Any, "T"]) -> list[list[Any]]:
        """Integrate the flow."""
        return integrate(self.velocities, self.start, times, rtol=RTOL)

    def losses(self, changes: list[list[Any]]) -> Float[np.ndarray, " T"]:
        """Return the loss at each time."""
        moved = ([W + dW for W, dW in zip(self.start, change, strict=True)] for change in changes)
        return np.array([self.pull.loss(_product(weights, self.start[0].shape[1])) for weights in moved])

    def alignments(self, changes: list[list[Any]], times: Shaped[Any, "T"]) -> tuple[Any, Any]:
        """Measure C-NFA and UC-NFA of each hidden layer at each time."""
        c_nfa, uc_nfa = np.empty((2, len(times), self.net.depth))
        for i, (change, time) in enumerate(zip(changes, times, strict=True)):
            weights = [W + dW for W, dW in zip(self.start, change, strict=True)]
            moved, left = (change, np.exp(-self.still_decay * time)) if time > 0 else (self.velocities(self.start), 1.0)
            lost = self.still * (left - 1 if time > 0 else -self.still_decay)
            for layer, K in enumerate(self._ptf_covariances(weights), start=1):
                k, m = self.net.widths[layer], self.net.widths[layer - 1]
                W, dW = weights[layer - 1], moved[layer - 1]
                if layer == 1:
                    W, dW = np.hstack([W, left * self.still]), np.hstack([dW, lost])
                c_nfa[i, layer - 1] = alignment([dW[:k, :m]], [K], layer)[0]
                uc_nfa[i, layer - 1] = self._uc_nfa(W[:k, :m], K, layer)
        return c_nfa, uc_nfa

    def _uc_nfa(self, W: Any, K: Any, layer: int) -> float:
        """Return the UC-NFA, NaN where the AGOP is zero, as at the start of a network that computes zero."""
        silent = self.net.depth == 1 and not np.any(K @ W)
        return np.nan if silent else float(alignment([W], [K], layer)[0])

    def _ptf_covariances(self, weights: list[Any]) -> list[Any]:
        """Return ``B^T B`` of the hidden layers, with ``B`` the product of the layers above."""
        found, above = [], np.eye(self.net.outputs)
        for layer in range(self.net.depth, 0, -1):
            above = above @ weights[layer]
            B = above[:, : self.net.widths[layer]]
            found.append(B.T @ B)
        return found[::-1]


def narrowed(start: list[Any], still: Any) -> tuple[list[Any], Any]:
    """Replace the neurons of one hidden layer by as few with the same products of incoming and outgoing weights."""
    incoming, outgoing = start
    ends = np.cumsum([incoming.shape[1], still.shape[1]])
    stacked: Any = np.hstack([incoming, still, outgoing.T])
    if stacked.shape[0] > stacked.shape[1]:
        stacked = np.linalg.qr(stacked, mode="r")
    first, rest, last = np.split(stacked, ends, axis=1)
    return [first, last.T], rest


def _product(weights: list[Any], size: int) -> Any:
    total = np.eye(size)
    for W in weights:
        total = W @ total
    return total
