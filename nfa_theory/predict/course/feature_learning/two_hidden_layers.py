r"""Two hidden layers in muP at infinite width: descent step by step, each population given the past of the other.

With ``h1 = W1 x / sqrt(d)``, ``h2 = W2 phi(h1) / sqrt(k)``, ``f = a phi(h2) / k`` and rates times ``k``, the second
layer has changed after some steps by

    dW2 = (1/sqrt(k)) sum_s sum_nu b_nu(s) phi(h1_nu(s))^T,     b_nu(s) = (eta/n) r_nu(s) . g2_nu(s),

with ``g2 = a phi'(h2)``. Its start is a `SeenMatrix`. Its UC-NFA falls as ``k^(-1/2)``: ``|W2^T W2|^2 = 2 k^3`` counts
all directions, while the AGOP has as many as there are samples and outputs.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float

from nfa_theory.predict.course.feature_learning.first_layer import LimitFeatures, own_uc_nfa
from nfa_theory.predict.course.feature_learning.one_hidden_layer import SYSTEMS, span_of, whitened
from nfa_theory.predict.course.feature_learning.particles import Neurons
from nfa_theory.predict.course.feature_learning.seen_matrix import Population, SeenMatrix
from nfa_theory.predict.problem.residuals import residuals
from nfa_theory.predict.progress import Progress
from numerics import MLP
from numerics.networks.losses import find_loss

_NEURONS = 2048
_PER_INPUT = 8  # neurons for each direction of the inputs, at least


@dataclass(frozen=True)
class Followed:
    """What two hidden layers do at some times, T of them, in R independent systems.

    Parameters
    ----------
    c_nfa, uc_nfa : (R, T, 2) array
        C-NFA; UC-NFA, that of layer 2 times the root of the width.
    own_uc_nfa : (N, T) array
        UC-NFA of layer 1 in networks of the width.
    directions : (R, T) array
        Over how many directions the AGOP of layer 2 spreads (participation ratio).
    loss : (R, T) array
        The loss.
    """

    c_nfa: Float[np.ndarray, "R T 2"]
    uc_nfa: Float[np.ndarray, "R T 2"]
    own_uc_nfa: Float[np.ndarray, "N T"]
    directions: Float[np.ndarray, "R T"]
    loss: Float[np.ndarray, "R T"]


@dataclass
class Descent:
    """One system of two populations of neurons.

    Parameters
    ----------
    Z : (n, s) array
        Inputs over the root of their number, in a basis of their span.
    Y : (n, c) array
        Labels.
    net : MLP
        The network.
    loss : str
        The loss.
    rate : float
        Learning rate.
    start : Neurons
        Weights of layer 1, and readout of as many neurons of layer 2.
    matrix : SeenMatrix
        The initial weights of layer 2.
    first_change : (N, s) array
        Of the weights of layer 1.
    """

    Z: Float[np.ndarray, "n s"]
    Y: Float[np.ndarray, "n c"]
    net: MLP
    loss: str
    rate: float
    start: Neurons
    matrix: SeenMatrix
    first_change: Any = None
    _sent: list[Any] = field(init=False, default_factory=list)
    _pulls: list[Any] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        self.W, self.a = self.start.W, self.start.a

    @classmethod
    def drawn(cls, Z: Any, Y: Any, net: MLP, loss: str, rate: float, rng: np.random.Generator) -> "Descent":
        """Draw a system, with the second moments of the Gaussian and both signs of every readout."""
        size = max(_NEURONS, _PER_INPUT * Z.shape[1])
        W, a = whitened(net, Z.shape[1], 2 * size, rng).W[:size], whitened(net, 1, size, rng).a
        lower, upper = Population(np.ones((size, 1))), Population(np.ones((size, 1)), paired=True)
        lower.learn(W)
        upper.learn(a)
        return cls(Z, Y, net, loss, rate, Neurons(W, a), SeenMatrix(lower, upper, rng))

    def step(self) -> "Step":
        """Pass forward and back, and take a step; return what was seen before it."""
        phi, (n, c), N = self.net.activation, self.Y.shape, len(self.W)
        h1 = self.W @ self.Z.T
        sent = phi(h1)
        h2 = self.matrix.up(sent) + self._change_up(sent)
        after = phi(h2)
        f = after.T @ self.a / N
        r = residuals(self.loss, self.Y, f)
        g2 = self.a[:, None, :] * phi.derivative(h2)[:, :, None]
        back = self.matrix.down(g2.reshape(N, n * c)) + self._change_down(g2.reshape(N, n * c))
        g1 = back.reshape(N, n, c) * phi.derivative(h1)[:, :, None]
        share = self.rate * r / n
        here = Step(self, self.W, f, sent, g1.reshape(N, n * c), g2.reshape(N, n * c), back, len(self._sent))
        toward, pull = np.sum(g1 * share, axis=2), np.sum(g2 * share, axis=2)
        if not self._sent:
            self.first_change = toward @ self.Z
        self._sent.append(sent)
        self._pulls.append(pull)
        self.W, self.a = self.W + toward @ self.Z, self.a + after @ share
        return here

    def _change_up(self, sent: Any) -> Any:
        return sum(b @ (phi.T @ sent) / len(sent) for b, phi in zip(self._pulls, self._sent, strict=True))

    def _change_down(self, g: Any) -> Any:
        return sum(phi @ (b.T @ g) / len(g) for b, phi in zip(self._pulls, self._sent, strict=True))

    def history(self, here: "Step") -> tuple[Any, Any]:
        """Return the pulls ``b`` before a step, with their ``phi(h1)``; at the start those of the step."""
        past = max(here.past, 1)
        return np.hstack(self._pulls[:past]), np.hstack(self._sent[:past])


@dataclass(frozen=True)
class Step:
    """What one forward and backward pass saw.

    Parameters
    ----------
    system : Descent
        Whose pass it was.
    W : (N, s) array
        Weights of layer 1.
    f : (n, c) array
        Outputs.
    sent : (N, n) array
        ``phi(h1)``.
    g1, g2 : (N, n c) array
        Tangent features of the layers.
    back : (N, n c) array
        Gradient in ``phi(h1)``.
    past : int
        Steps that were taken before.
    """

    system: Descent
    W: Any
    f: Any
    sent: Any
    g1: Any
    g2: Any
    back: Any
    past: int

    def first_layer(self, frozen: int) -> tuple[float, float]:
        """Return C-NFA and UC-NFA of layer 1 in the limit."""
        start = self.system.start.W
        dW = self.W - start if self.past else self.system.first_change
        c_nfa, uc_nfa = LimitFeatures.of(self.g1.T, self.W, dW).alignments(frozen)
        return c_nfa, uc_nfa if self.past else np.nan

    def second_layer(self) -> tuple[float, float, float]:
        """Return C-NFA of layer 2, its UC-NFA times the root of the width, and the directions of its AGOP."""
        N = len(self.sent)
        b, phi = self.system.history(self)
        B, Phi, M = b.T @ b / N, phi.T @ phi / N, self.g2.T @ b / N
        F, G = B @ Phi, M.T @ M @ Phi
        c_nfa = np.sum(F * G.T) / np.sqrt(np.sum(F * F.T) * np.sum(G * G.T))
        matrix = self.system.matrix
        once_more = matrix.passed(matrix.lower, matrix.upper, self.back)
        if self.past:
            once_more = once_more + b @ (phi.T @ self.back / N)
        size = np.sum(once_more**2) / N + matrix.unseen(self.back)
        products = self.back.T @ self.back / N
        square = np.sum(products**2)
        return float(c_nfa), float(size / np.sqrt(2 * square)), float(np.trace(products) ** 2 / square)


def follow(
    X: Float[np.ndarray, "n d"],
    Y: Float[np.ndarray, "n c"],
    net: MLP,
    loss: str,
    times: Float[np.ndarray, " T"],
    steps: int,
    rng: np.random.Generator,
    report: Progress,
) -> Followed:
    """Follow the limit by as many steps of descent to the last time."""
    Z, frozen = span_of(X / np.sqrt(net.inputs))
    rate = times[-1] / steps if times[-1] else 1.0
    wanted, value = np.rint(times / rate).astype(int).tolist(), find_loss(loss, Y).value
    systems = [Descent.drawn(Z, Y, net, loss, rate, rng) for _ in range(SYSTEMS)]
    c_nfa, uc_nfa = np.empty((2, SYSTEMS, len(times), 2))
    losses, directions = np.empty((2, SYSTEMS, len(times)))
    own_uc_nfa = []
    for number in range(wanted[-1] + 1):
        passes = [system.step() for system in systems]
        report(number, wanted[-1] or 1)
        if number not in wanted:
            continue
        at = wanted.index(number)
        for i, here in enumerate(passes):
            c_nfa[i, at, 0], uc_nfa[i, at, 0] = here.first_layer(frozen)
            c_nfa[i, at, 1], uc_nfa[i, at, 1], directions[i, at] = here.second_layer()
            losses[i, at] = value(here.f, Y)
        own_uc_nfa.append(_own_width(passes, net.widths[1], frozen))
    return Followed(c_nfa, uc_nfa, np.array(own_uc_nfa).T, directions, losses)


def _own_width(passes: list[Step], width: int, frozen: int) -> list[float]:
    """Return the UC-NFA of layer 1 in networks that the neurons of all systems make."""
    W, D = np.concatenate([each.W for each in passes]), np.concatenate([each.g1 for each in passes]).T
    k = min(width, len(W) // 2)
    rows = [slice(first, first + k) for first in range(0, len(W) - k + 1, k)]
    return [own_uc_nfa(D[:, each], W[each], frozen) for each in rows]
