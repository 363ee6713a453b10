"""Sign descent's first step in the limit of infinite width: random neurons stand for all.

``F_c / k`` tends to the mean over neurons of ``s s^T``, ``s`` being the signs of a neuron's gradient, and ``G_c / k^2``
to ``(1/n) sum v v^T`` with ``v = E[D s]`` for each sample and output. Over neurons pre-activations are Gaussian, and so
is what comes back through the layer above; given the pre-activations the arcsine law holds (claim `sgd.sign_step`).
The neurons are drawn in four groups, so that products of different groups are unbiased: a mean of neurons squared would
count its own noise as signal.
"""

from itertools import combinations, permutations
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Shaped

from nfa_theory.predict.limit.leading_order import cosine
from numerics import MLP

GROUPS, NEURONS, UNITS = 4, 512, 768
"""Groups, neurons in each, and units of the layer below that stand for all of them."""


class Sees(NamedTuple):
    """What the neurons of a layer see in the limit of infinite width.

    Parameters
    ----------
    forward : (n, n) array
        Root of the covariance of the pre-activations.
    backward : (n, n) array or None
        Root of the covariance of what comes back from above; None where it is the readout, the same for all samples.
    below : (n, n) array or None
        Root of the covariance of the pre-activations of the layer below; None for the first layer.
    """

    forward: Any
    backward: Any
    below: Any


def sign_alignment(
    net: MLP, X: Shaped[Any, "n d"], R: Shaped[Any, "n c"], sees: Sees, layer: int, rng: np.random.Generator
) -> float:
    """Estimate the C-NFA of one layer after a step of sign descent, from one draw of neurons."""
    Z = X if sees.below is None else net.activation(sees.below @ rng.standard_normal((len(X), UNITS)))
    groups = [_group(net, Z, R, sees, rng) for _ in range(GROUPS)]
    F, v = [each[0] for each in groups], [each[1] for each in groups]
    if sees.below is not None:  # of infinitely many units none is paired with itself
        for each in F:
            np.fill_diagonal(each, 0.0)
    G = {pair: _outer(v[pair[0]], v[pair[1]], sees.below is not None) for pair in combinations(range(GROUPS), 2)}
    first = np.mean([np.sum(F[a] * F[b]) for a, b in G])
    second = np.mean([np.sum(G[a, b] * G[c, d]) for a, b, c, d in permutations(range(GROUPS)) if a < b and c < d])
    mixed = np.mean([np.sum(F[a] * each) for a in range(GROUPS) for pair, each in G.items() if a not in pair])
    return cosine(float(mixed), float(first), float(second), layer)


def _group(net: MLP, Z: Any, R: Any, sees: Sees, rng: np.random.Generator) -> tuple[Any, Any]:
    """Draw neurons; return the mean of ``s s^T`` and that of ``D s`` for each sample and output."""
    n, c = R.shape
    slopes = net.activation.derivative(sees.forward @ rng.standard_normal((n, NEURONS)))
    if sees.backward is None:
        back = np.broadcast_to(rng.standard_normal((1, c, NEURONS)), (n, c, NEURONS))
    else:
        back = np.tensordot(sees.backward, rng.standard_normal((n, c, NEURONS)), 1)
    D = slopes[:, None, :] * back
    signs = np.sign(np.einsum("nc,nci->in", R, D) @ Z)
    return signs.T @ signs / NEURONS, D.reshape(n * c, NEURONS) @ signs / NEURONS


def _outer(one: Any, other: Any, off_diagonal: bool) -> Any:
    G = one.T @ other
    G = (G + G.T) / 2
    if off_diagonal:
        np.fill_diagonal(G, 0.0)
    return G
