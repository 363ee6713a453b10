"""One hidden layer in muP through all of training: the limit of infinite width, and networks of the width itself.

The limit is followed by a few systems of coupled neurons, whose scatter gives standard errors. Each starts with the
second moments of the Gaussian (a whitened draw) and with both signs of every readout, so that its function is zero as
that of the limit. Networks of width ``k`` are ``k`` independent neurons driven by the residuals of the limit. That
leaves out what a network's own fluctuation of order ``1/sqrt(k)`` in its function does to it later, which is of order
``1/k`` in the means: a few networks are followed with residuals of their own beside that, and the mean difference is
added. The loss, which deviates as ``1/k``, is taken from many networks of a smaller width.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from nfa_theory.predict.course.feature_learning.first_layer import LimitFeatures, own_width
from nfa_theory.predict.course.feature_learning.particles import Neurons, ParticleFlow, joined
from nfa_theory.predict.course.initial_alignment import initial_uc_nfa
from nfa_theory.predict.problem.data_statistics import ROUNDING
from nfa_theory.predict.problem.residuals import residuals
from nfa_theory.predict.progress import Progress
from numerics import MLP
from numerics.networks.initializations import draw
from numerics.networks.losses import find_loss

SYSTEMS = 4
"""Independent simulations of the limit."""
NEURONS = 2**14
"""Neurons of all drawn networks together, unless their number is given."""
MOST = 256
"""Drawn networks at most, unless their number is given."""
_PER_SYSTEM = 2048
_PER_INPUT = 4  # neurons of a system for each direction of the inputs, at least: fewer cannot be whitened well
_COUPLED = 2**12  # neurons of the networks that are followed with their own residuals
_MOST_COUPLED = 32
_LOSS_WIDTH = 256  # of the networks, or of narrower ones, that tell the loss
_LOSS_NEURONS = 2**12  # of them, and as many with the readout of the other sign


@dataclass(frozen=True)
class Followed:
    """What one hidden layer does at some times: T of them, N networks, of which M with residuals of their own.

    Parameters
    ----------
    limit, limit_error : (T, 3) array
        C-NFA, UC-NFA and loss at infinite width, and their standard errors; UC-NFA is NaN at time 0.
    driven : (N, T, 2) array
        C-NFA and UC-NFA of networks of independent neurons.
    coupled : (M, T, 2) array
        Those of the first M networks with residuals of their own.
    excess : (pairs, T) array
        How much the loss at the network's width exceeds that of the limit.
    initial_uc_nfa : float
        UC-NFA at initialization in closed form, averaged over the initial weights of M networks.
    """

    limit: Float[np.ndarray, "T 3"]
    limit_error: Float[np.ndarray, "T 3"]
    driven: Float[np.ndarray, "N T 2"]
    coupled: Float[np.ndarray, "M T 2"]
    excess: Float[np.ndarray, "pairs T"]
    initial_uc_nfa: float

    def alignments(self) -> tuple[Float[np.ndarray, "T 2"], Float[np.ndarray, "T 2"]]:
        """Average over networks of independent neurons, add the mean difference; return the standard error too."""
        N, M = len(self.driven), len(self.coupled)
        shares = self.coupled / M + (1 / N - 1 / M) * self.driven[:M]
        variance = M * shares.var(axis=0, ddof=1)
        if M < N:
            variance += (N - M) / N**2 * self.driven.var(axis=0, ddof=1)
        return shares.sum(axis=0) + self.driven[M:].sum(axis=0) / N, np.sqrt(variance)

    def loss(self) -> tuple[Float[np.ndarray, " T"], Float[np.ndarray, " T"]]:
        """Return the mean loss of networks and its standard error."""
        error = self.excess.std(axis=0, ddof=1) / np.sqrt(len(self.excess))
        return self.limit[:, 2] + self.excess.mean(axis=0), np.hypot(error, self.limit_error[:, 2])


def networks_of(width: int, asked: int | None) -> int:
    """Choose how many networks are drawn."""
    return min(MOST, max(4, NEURONS // width)) if asked is None else asked


def follow(
    X: Float[np.ndarray, "n d"],
    Y: Float[np.ndarray, "n c"],
    net: MLP,
    loss: str,
    times: Float[np.ndarray, " T"],
    networks: int,
    rng: np.random.Generator,
    report: Progress,
) -> Followed:
    """Follow the limit and networks of its neurons."""
    Z, frozen = span_of(X / np.sqrt(net.inputs))
    k, narrow = net.widths[1], min(net.widths[1], _LOSS_WIDTH)
    size = 2 * (max(_PER_SYSTEM, _PER_INPUT * Z.shape[1]) // 2)
    pairs = min(_MOST_COUPLED, max(4, _LOSS_NEURONS // narrow))
    coupled = min(networks, _MOST_COUPLED, max(3, _COUPLED // k))
    systems = [whitened(net, Z.shape[1], size, rng) for _ in range(SYSTEMS)]
    losses = drawn(net, Z.shape[1], pairs * narrow, rng)
    free = drawn(net, Z.shape[1], networks * k, rng)
    start = joined([*systems, losses, Neurons(losses.W, -losses.a), free[slice(0, coupled * k)], free])
    sizes = (size,) * SYSTEMS + (narrow,) * (2 * pairs) + (k,) * coupled
    flow = ParticleFlow(Z, net.activation, lambda f: residuals(loss, Y, f), start, sizes, SYSTEMS)
    measure = Measurement(flow, lambda f: find_loss(loss, Y).value(f, Y), pairs, k, frozen)
    found = [measure.at_start()] if times[0] == 0 else []
    for done, change in enumerate(flow.changes(times[times > 0]) if times[-1] > 0 else (), start=len(found) + 1):
        found.append(measure.at(change))
        report(done, len(times))
    limit, error, values, excess = (np.array(each) for each in zip(*found, strict=True))
    initial = np.mean([_initial(flow, free[slice(i * k, (i + 1) * k)], net.inputs) for i in range(coupled)])
    values = values.transpose(1, 0, 2)
    return Followed(limit, error, values[coupled:], values[:coupled], excess.T * narrow / k, float(initial))


def _initial(flow: ParticleFlow, network: Neurons, inputs: int) -> float:
    D = flow.tangent_features(network)
    return initial_uc_nfa(D.T @ D, inputs)


def span_of(X: Float[np.ndarray, "n d"]) -> tuple[Float[np.ndarray, "n s"], int]:
    """Write inputs in an orthonormal basis of their span, and count the directions outside it."""
    U, values, _ = np.linalg.svd(X, full_matrices=False)
    seen = values > ROUNDING * values[0]
    return U[:, seen] * values[seen], X.shape[1] - int(seen.sum())


def drawn(net: MLP, inputs: int, count: int, rng: np.random.Generator) -> Neurons:
    """Draw independent neurons at initialization."""
    return Neurons(rng.standard_normal((count, inputs)), draw(net.readout, rng, (count, net.outputs)))


def whitened(net: MLP, inputs: int, count: int, rng: np.random.Generator) -> Neurons:
    """Draw neurons whose weights have the second moments of the limit exactly, with both signs of each readout."""
    half = drawn(net, inputs, count // 2, rng)
    half = Neurons(_white(half.W), _white(half.a))
    return joined([half, Neurons(half.W, -half.a)])


def _white(values: Float[np.ndarray, "N s"]) -> Float[np.ndarray, "N s"]:
    root = np.linalg.cholesky(values.T @ values / len(values))
    white: Float[np.ndarray, "N s"] = np.linalg.solve(root, values.T).T
    return white


@dataclass(frozen=True)
class Measurement:
    """Measures all groups of a flow.

    Parameters
    ----------
    flow : ParticleFlow
        Systems, pairs of networks for the loss, coupled networks, and the rest.
    loss : callable
        Loss of outputs (n, c).
    pairs : int
        Of networks for the loss.
    width : int
        Neurons of a network.
    frozen : int
        Directions in which no weight moves.
    """

    flow: ParticleFlow
    loss: Any
    pairs: int
    width: int
    frozen: int

    def at_start(self) -> tuple[Any, ...]:
        """Measure at time 0: the C-NFA from velocities, while the limit has no AGOP yet."""
        limit, error, networks, excess = self._all(self.flow.start, self.flow.velocity(self.flow.start).W)
        limit[1] = error[1] = np.nan
        return limit, error, networks, excess

    def at(self, change: Neurons) -> tuple[Any, ...]:
        """Measure after a change: the limit, its error, each network, and the excess of the loss."""
        return self._all(self.flow.start + change, change.W)

    def _all(self, now: Neurons, dW: Any) -> tuple[Any, ...]:
        flow, (systems, pairs) = self.flow, (self.flow.systems, 2 * self.pairs)
        groups = flow.groups()
        limit, error = self._limit(now, dW, groups[:systems])
        losses = [self.loss(flow.outputs(now[rows])) for rows in groups[systems : systems + pairs]]
        excess = np.reshape(losses, (2, self.pairs)).mean(axis=0) - limit[2]
        firsts = range(groups[systems + pairs - 1].stop, len(now), self.width)
        rows = [slice(first, first + self.width) for first in firsts]
        networks = [own_width(flow.tangent_features(now[each]), now.W[each], dW[each], self.frozen) for each in rows]
        return limit, error, np.array(networks), excess

    def _limit(self, now: Neurons, dW: Any, groups: list[slice]) -> tuple[Any, Any]:
        flow = self.flow
        parts = [LimitFeatures.of(flow.tangent_features(now[rows]), now.W[rows], dW[rows]) for rows in groups]
        outputs = [flow.outputs(now[rows]) for rows in groups]

        def of(kept: list[int]) -> list[float]:
            features = LimitFeatures.mean([parts[i] for i in kept])
            return [*features.alignments(self.frozen), self.loss(sum(outputs[i] for i in kept) / len(kept))]

        count = range(len(groups))
        left_out = np.array([of([i for i in count if i != each]) for each in count])
        return np.array(of(list(count))), np.sqrt((len(groups) - 1) * np.var(left_out, axis=0))
