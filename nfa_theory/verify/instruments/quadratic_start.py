"""How a quadratic network starts to move, measured on a network: its centered features in the first instant."""

from typing import Any

import numpy as np
from jaxtyping import Shaped

from numerics import MLP, ptf_covariances
from numerics.networks.backpropagation import weight_gradients


def centered_features(X: Shaped[Any, "n d"], residuals: Shaped[Any, "n"], W: Shaped[Any, "k d"]) -> tuple[Any, Any]:
    """Backpropagate residuals through ``f = sum_j (w_j . x)^2``."""
    n, d = X.shape
    net = MLP((d, len(W), 1), activation="quadratic", parametrization="lecun")
    start = net.parameters([W, np.ones((1, len(W)))], X)
    activity = net.forward(X, start)
    dW = -weight_gradients(net, start, activity, -residuals[:, None] / n).weights[0]
    K = ptf_covariances(X, net, start)[0]
    return dW.T @ dW / 4, dW.T @ K @ dW / 16
