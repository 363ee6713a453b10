"""How a quadratic network starts to move, measured on a network: its centered features in the first instant."""

from typing import Any

import numpy as np

from numerics import MLP, ptf_covariances
from numerics.networks.backpropagation import weight_gradients


def centered_features(X: Any, residuals: Any, W: Any) -> tuple[Any, Any]:
    """Backpropagate residuals through ``f = sum_j (w_j . x)^2``.

    Parameters
    ----------
    X : (n, d) array
        Inputs. A sample that counts ``s`` times as much as another is ``sqrt(s)`` times as long.
    residuals : (n,) array
        What the labels exceed the outputs by.
    W : (k, d) array
        Weights; the readout is 1.

    Returns
    -------
    F, G : (d, d) array
        The first step's ``dW^T dW / 4`` and ``dW^T K dW / 16``: the squares of ``phi' = 2 h``, once in the first and
        twice in the second, are left out.
    """
    n, d = X.shape
    net = MLP((d, len(W), 1), activation="quadratic", parametrization="lecun")
    start = net.parameters([W, np.ones((1, len(W)))], X)
    activity = net.forward(X, start)
    dW = -weight_gradients(net, start, activity, -residuals[:, None] / n).weights[0]
    K = ptf_covariances(X, net, start)[0]
    return dW.T @ dW / 4, dW.T @ K @ dW / 16


def traces(F: Any, G: Any) -> dict[str, Any]:
    """Return the alignment of two matrices and its parts, by the names of the closed forms.

    Parameters
    ----------
    F, G : (d, d) array
        Real and symmetric.

    Returns
    -------
    dict
        ``"C-NFA"``, ``"C-NFA numerator"``, ``"C-NFA first"``, ``"C-NFA second"``.
    """
    number, first, second = (np.sum(A * B) for A, B in ((F, G), (F, F), (G, G)))
    parts = {"C-NFA numerator": number, "C-NFA first": first, "C-NFA second": second}
    return {"C-NFA": number / np.sqrt(first * second), **parts}
