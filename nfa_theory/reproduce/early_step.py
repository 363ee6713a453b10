"""The early C-NFA of one network: after one step of gradient descent so small that nothing else has changed."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float

from numerics import MLP, alignment, initial_parameters, neural_feature_matrix, ptf_covariances
from numerics.backpropagation import weight_gradients
from numerics.losses import find_loss


def early_alignment(X: Float[np.ndarray, "n d"], Y: Float[np.ndarray, "n c"], net: MLP, seed: int) -> Float[Any, " l"]:
    """Measure the C-NFA of every hidden layer in the limit of one vanishing full-batch gradient step.

    The change of the weights is their gradient, up to a factor that cancels, and the tangent features are those of
    the initial weights. So no step size has to be chosen, and nothing is lost to rounding.

    Parameters
    ----------
    X : (n, d) array
        Inputs.
    Y : (n, c) array
        Targets.
    net : MLP
        The network; its loss is ``(1/2n) sum |y - f|^2``.
    seed : int
        Decides its initial weights, as in `simulate`.

    Returns
    -------
    (l,) array
        C-NFA of the hidden layers, cosine.
    """
    parameters = initial_parameters(net, seed, X.dtype)
    activity = net.forward(X, parameters)
    outputs = np.zeros_like(Y) if net.zero_initial_function else activity.outputs
    gradients = weight_gradients(net, parameters, activity, find_loss("mse", Y).gradient(outputs, Y)).weights
    covariances = ptf_covariances(X, net, parameters)
    return np.asarray(
        [
            alignment(neural_feature_matrix(dW), dW.T @ K.astype(dW.dtype) @ dW)
            for dW, K in zip(gradients, covariances, strict=False)  # the readout's gradient is left over
        ]
    )
