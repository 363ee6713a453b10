"""One hidden layer: the fluctuation of the C-NFA to first order in the averages over neurons.

With ``v_j = sum_mu (a_j . R_mu) phi'(h_j(x_mu)) x_mu``, ``F_c`` is the sum over neurons of ``v_j v_j^T``, and ``G_c``
is ``sum_mu,i g g^T`` with ``g_mu,i = sum_j D_mu,i,j v_j``. Both sums are over independent neurons, and their means are
known exactly: they are the kernels of infinite width. The alignment is a smooth function of them, so its linear
part has mean zero at every width. Without it an alignment scatters by 1/width instead of 1/sqrt(width), and its mean,
the correction of order 1/width in it, is seen with few networks: the delta method, with moments from sampled neurons.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from nfa_theory.predict.kernels import WideNetwork
from nfa_theory.predict.problem import Problem


@dataclass(frozen=True)
class FirstOrder:
    """The linear response of the alignment to its two averages over neurons.

    Parameters
    ----------
    X, R : array
        Inputs and residuals.
    by_nfm : (d, d) array
        Derivative of the alignment with respect to ``F_c``.
    by_features : (n, c, d) array
        Derivative with respect to the tangent features times the change of the weights.
    at_mean : float
        Both derivatives, contracted with the means.
    scale : float
        Readout weights are multiplied by it.
    """

    X: Any
    R: Any
    by_nfm: Any
    by_features: Any
    at_mean: float
    scale: float

    @classmethod
    def of(cls, problem: Problem) -> "FirstOrder | None":
        """Expand around infinite width; None where the means are not known or nothing is gained.

        Parameters
        ----------
        problem : Problem
            Has an expansion if it has one hidden layer, fixed residuals and Gaussian hidden weights.

        Returns
        -------
        FirstOrder or None
            The expansion.
        """
        net = problem.net
        gaussian = net.initialization == "gaussian" and net.readout in ("gaussian", "signs", "uniform")
        if net.depth > 1 or problem.R is None or problem.own_function or not gaussian:
            return None
        X = problem.inputs()
        (kernels,) = WideNetwork(X, net).layers()
        kappa, R = kernels.kappa, problem.R
        F = np.einsum("mi,mn,ni,md,ne->de", R, kappa, R, X, X, optimize=True)
        g = np.stack([kappa @ (R[:, i : i + 1] * X) for i in range(R.shape[1])], axis=1)
        G = np.einsum("mid,mie->de", g, g, optimize=True)
        FG, FF, GG = (float(np.sum(A * B)) for A, B in ((F, G), (F, F), (G, G)))
        rho = FG / np.sqrt(FF * GG)
        by_F = G / np.sqrt(FF * GG) - rho * F / FF
        by_G = F / np.sqrt(FF * GG) - rho * G / GG
        by_g = 2 * g @ by_G
        at_mean = float(np.sum(by_F * F)) + float(np.sum(by_g * g))
        readout = net.scaling(2)
        unit = kernels.unit * readout.weight_std**2 * net.widths[1]
        return cls(X, R, by_F, by_g, at_mean, unit**-0.5)

    def fluctuation(self, readout: Any, slope: Any) -> float:
        """Compute the first-order deviation of one network from infinite width.

        Parameters
        ----------
        readout : (c, k) array
            Weights of the last layer.
        slope : (n, k) array
            Derivative of the activation.

        Returns
        -------
        float
            Its mean over random weights is zero.
        """
        A = readout * readout.dtype.type(self.scale)
        V = ((self.R @ A) * slope).T @ self.X
        linear = float(np.sum((V @ self.by_nfm) * V))
        sides = np.einsum("mid,kd->imk", self.by_features, V, optimize=True)
        linear += sum(float(np.sum((side * slope) @ A[i])) for i, side in enumerate(sides))
        return linear - self.at_mean
