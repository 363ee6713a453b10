"""One hidden layer: the C-NFA of a finite width as a function of two averages over neurons, to second order.

With ``v_j = sum_mu (a_j . R_mu) phi'(h_j(x_mu)) x_mu``, ``F_c`` is the sum over neurons of ``v_j v_j^T``, and ``G_c``
is ``g^T g`` with ``g_(mu i) = sum_j D_(mu i) j v_j``. Both sums are over independent neurons, and their means are
known exactly: they are the kernels of infinite width. So the mean alignment is ``limit + b/k + ...``, and ``b`` is
the average over one neuron of the second-order response; its variance is ``v/k + ...``, with the square of the first.
What a network adds to them has a mean of order ``1/k^2``: the delta method, with the moments from sampled neurons.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Shaped

from nfa_theory.predict.kernels.wide_network import WideNetwork
from nfa_theory.predict.problem.problem import Problem


class Response(NamedTuple):
    """The alignment along a direction, relative to the limit: ``1 + first t + second t^2``.

    Parameters
    ----------
    first, second : float or (k,) array
        One number for a network, or one for each neuron.
    """

    first: Any
    second: Any


@dataclass(frozen=True)
class NeuronAverages:
    """The means of the two averages, around which an alignment is expanded.

    Parameters
    ----------
    X : (n, r) array
        Inputs in an orthonormal basis of their span, or of the input space if it is smaller.
    R : (n, c) array
        Residuals.
    F : (r, r) array
        Mean of ``F_c``.
    g : (n * c, r) array
        Mean of the tangent features times the change of the weights.
    scale : float
        Readout weights are multiplied by it.
    """

    X: Any
    R: Any
    F: Any
    g: Any
    scale: float

    @classmethod
    def of(cls, problem: Problem) -> "NeuronAverages | None":
        """Find the means; None where they are not known."""
        net = problem.net
        gaussian = net.initialization == "gaussian" and net.readout in ("gaussian", "signs", "uniform")
        if net.depth > 1 or problem.batch_size or problem.R is None or problem.own_function or not gaussian:
            return None
        X = problem.inputs()
        (kernels,) = WideNetwork(X, net).layers()
        R, X = problem.R, in_own_basis(X)
        F = np.einsum("mi,mn,ni,md,ne->de", R, kernels.kappa, R, X, X, optimize=True)
        g = np.stack([kernels.kappa @ (R[:, i : i + 1] * X) for i in range(R.shape[1])], axis=1)
        readout = net.scaling(2)
        unit = kernels.unit * readout.weight_std**2 * net.widths[1]
        return cls(X, R, F, g.reshape(-1, X.shape[1]), unit**-0.5)

    @cached_property
    def G(self) -> Any:
        """Mean of ``G_c`` to leading order, (r, r)."""
        return self.g.T @ self.g

    @property
    def limit(self) -> float:
        """The alignment at infinite width."""
        F, G = self.F, self.G
        return float(_dot(F, G) / np.sqrt(_dot(F, F)) / np.sqrt(_dot(G, G)))

    def responses(self, readout: Shaped[Any, "c k"], slope: Shaped[Any, "n k"]) -> tuple[Response, Response]:
        """Expand the alignment of one network, and of networks that consist of copies of one of its neurons."""
        A = readout * readout.dtype.type(self.scale)
        V = self.X.T @ ((self.R @ A) * slope)  # (r, k)
        D = (slope[:, None, :] * A).reshape(-1, A.shape[1])  # (n c, k)
        k = A.shape[1]
        return self._of_network(V @ V.T - self.F, D @ V.T - self.g), self._of_neurons(np.sqrt(k) * V, np.sqrt(k) * D)

    def _of_network(self, dF: Any, dg: Any) -> Response:
        F, G = self.F, self.G
        half = self.g.T @ dg
        G1, G2 = half + half.T, dg.T @ dg
        FG = (_dot(F, G), _dot(F, G1) + _dot(dF, G), _dot(F, G2) + _dot(dF, G1))
        FF = (_dot(F, F), 2 * _dot(F, dF), _dot(dF, dF))
        GG = (_dot(G, G), 2 * _dot(G, G1), 2 * _dot(G, G2) + _dot(G1, G1))
        return _of_ratio(FG, FF, GG)

    def _of_neurons(self, V: Any, D: Any) -> Response:
        """Do the same where ``dF = v v^T - F`` and ``dg = psi v^T - g``: all products are between vectors."""
        F, G = self.F, self.G
        P = self.g.T @ D
        psi2, v2, p2, vp = _along(D, D), _along(V, V), _along(P, P), _along(V, P)
        vFv, vGv, pFv, pGv = _along(V, F @ V), _along(V, G @ V), _along(P, F @ V), _along(P, G @ V)
        N, A, B = _dot(F, G), _dot(F, F), _dot(G, G)
        FG = (N, 2 * pFv + vGv - 3 * N, psi2 * vFv - 4 * pFv + 2 * v2 * vp - 2 * vGv + 3 * N)
        FF = (A, 2 * (vFv - A), v2**2 - 2 * vFv + A)
        GG1, GG2 = 4 * (pGv - B), 2 * (psi2 * vGv - 2 * pGv + B) + 2 * vp**2 + 2 * v2 * p2 - 8 * pGv + 4 * B
        return _of_ratio(FG, FF, (B, GG1, GG2))


def in_own_basis(X: Shaped[Any, "n d"]) -> Shaped[Any, "n r"]:
    """Write inputs in an orthonormal basis of their span, if they are fewer than their components."""
    return X if X.shape[1] <= X.shape[0] else np.asarray(np.linalg.qr(X.T, mode="r")).T


def _of_ratio(FG: tuple[Any, ...], FF: tuple[Any, ...], GG: tuple[Any, ...]) -> Response:
    """Expand ``FG / sqrt(FF GG)``, each given by three coefficients, relative to its value at zero."""
    n1, n2, a1, a2, b1, b2 = (part[i] / part[0] for part in (FG, FF, GG) for i in (1, 2))
    root1 = -(a1 + b1) / 2
    root2 = (3 * (a1**2 + b1**2) + 2 * a1 * b1) / 8 - (a2 + b2) / 2
    return Response(n1 + root1, n2 + root2 + n1 * root1)


def _dot(A: Any, B: Any) -> float:
    return float(np.sum(A * B))


def _along(A: Any, B: Any) -> Any:
    return np.einsum("ij,ij->j", A, B)
