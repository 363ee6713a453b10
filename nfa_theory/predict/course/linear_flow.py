"""Linear networks at all times: their gradient flow closes over two second moments of the data.

``dW = B^T (Sigma_yx - B W A Sigma_xx) A^T`` for a layer between the products ``B`` above and ``A`` below it (derivation
``linear.closed_flow``). Biases are weights of an input that is always 1: each layer gets one more input and
passes it on.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Shaped

from nfa_theory.predict.course.alignment_series import alignment
from nfa_theory.predict.course.flow_integration import integrate
from nfa_theory.predict.course.initial_alignment import initial_uc_nfa
from nfa_theory.predict.problem.data_statistics import ROUNDING
from numerics import MLP, Parameters


@dataclass(frozen=True)
class LinearFlow:
    """The flow of one linear network, in the principal axes of its inputs.

    Parameters
    ----------
    net : MLP
        The network.
    start : list of array
        Effective weights (multiplier included), with the bias as last column and a row that passes on the 1.
    rates : list of array
        Learning rate of each effective weight; zero for what does not move.
    Sigma_xx, Sigma_yx : array
        Second moments of inputs (with the 1 that biases see) and of targets with inputs.
    still : (k, .) array
        Weights of the first layer in directions in which the inputs do not vary: they never move.
    """

    net: MLP
    start: list[Any]
    rates: list[Any]
    Sigma_xx: Any
    Sigma_yx: Any
    still: Any

    @classmethod
    def of(cls, net: MLP, parameters: Parameters, Sigma_xx: Any, Sigma_yx: Any, own_function: bool) -> "LinearFlow":
        """Write a network with its data as a flow."""
        start, rates = [], []
        for layer, W in enumerate(parameters.weights, start=1):
            scaling = net.scaling(layer)
            V, rate = scaling.multiplier * W, np.full(W.shape, scaling.learning_rate_scale * scaling.multiplier**2)
            if parameters.biases:
                V = np.column_stack([V, parameters.biases[layer - 1]])
                rate = np.column_stack([rate, np.full(len(V), scaling.learning_rate_scale)])
                if layer <= net.depth:
                    V = np.vstack([V, np.eye(V.shape[1])[-1]])
                    rate = np.vstack([rate, np.zeros(V.shape[1])])
            start.append(V)
            rates.append(rate)
        still = start[0][:, :0]
        if not parameters.biases:
            values, Q = np.linalg.eigh(Sigma_xx)
            varies = values > ROUNDING * values[-1]
            still, rates[0] = start[0] @ Q[:, ~varies], rates[0][:, varies]
            start[0], Sigma_xx, Sigma_yx = start[0] @ Q[:, varies], np.diag(values[varies]), Sigma_yx @ Q[:, varies]
        if not own_function:
            Sigma_yx = Sigma_yx + _product(start, len(Sigma_xx)) @ Sigma_xx
        return cls(net, start, rates, Sigma_xx, Sigma_yx, still)

    def velocities(self, weights: list[Any]) -> list[Any]:
        """Return the velocities of all effective weights."""
        below: list[Any] = [np.eye(len(self.Sigma_xx))]
        for W in weights:
            below.append(W @ below[-1] if len(below) > 1 else W)
        E = self.Sigma_yx - below[-1] @ self.Sigma_xx
        found, above = [], np.eye(len(E))
        for W, A, rate in zip(weights[::-1], below[-2::-1], self.rates[::-1], strict=True):
            found.append(rate * (above.T @ (E @ A.T)))  # outputs are few: this order is the cheap one
            above = above @ W
        return found[::-1]

    def course(self, times: Shaped[Any, "T"]) -> tuple[Any, Any, Any]:
        """Integrate the flow and measure the alignments."""
        c_nfa, uc_nfa = np.empty((2, len(times), self.net.depth))
        for i, change in enumerate(integrate(self.velocities, self.start, times)):
            weights = [W + dW for W, dW in zip(self.start, change, strict=True)]
            moved = change if times[i] > 0 else self.velocities(self.start)
            for layer, K in enumerate(self._ptf_covariances(weights), start=1):
                k, m = self.net.widths[layer], self.net.widths[layer - 1]
                W = np.hstack([weights[0], self.still]) if layer == 1 else weights[layer - 1]
                c_nfa[i, layer - 1] = alignment([moved[layer - 1][:k, :m]], [K], layer)[0]
                uc_nfa[i, layer - 1] = alignment([W[:k, :m]], [K], layer)[0]
        pairs = zip(self._ptf_covariances(self.start), self.net.widths, strict=False)
        return c_nfa, uc_nfa, np.array([initial_uc_nfa(K, m) for K, m in pairs])

    def _ptf_covariances(self, weights: list[Any]) -> list[Any]:
        """Return ``B^T B`` of the hidden layers, with ``B`` the product of the layers above."""
        found, above = [], np.eye(self.net.outputs)
        for layer in range(self.net.depth, 0, -1):
            above = above @ weights[layer]
            B = above[:, : self.net.widths[layer]]
            found.append(B.T @ B)
        return found[::-1]


def _product(weights: list[Any], size: int) -> Any:
    total = np.eye(size)
    for W in weights:
        total = W @ total
    return total
