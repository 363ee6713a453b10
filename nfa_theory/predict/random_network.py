"""The leading-order C-NFA of one random network of finite width, from its tangent features at initialization.

R4 for given weights: ``dW`` is proportional to ``sum_mu D_mu^T R_mu z_mu^T``, and ``K`` to ``sum_mu D_mu^T D_mu`` over
all samples. No step is taken and no derivative approximated.
"""

from typing import Any

import numpy as np

from nfa_theory.predict.leading_order import cosine
from numerics import MLP


def forward(X: Any, net: MLP, weights: tuple[Any, ...], biases: tuple[Any, ...]) -> tuple[list[Any], list[Any], Any]:
    """Run a network.

    Parameters
    ----------
    X : (n, d) array
        Inputs.
    net : MLP
        The network.
    weights, biases : tuple of array
        By layer, the readout last; no biases or one for each layer.

    Returns
    -------
    inputs, slopes : list of (n, width) array
        Of each hidden layer: what it takes in, and the derivative of the activation.
    outputs : (n, c) array
        The function.
    """
    inputs, slopes = [X], []
    for layer, W in enumerate(weights):
        h = inputs[-1] @ (W.dtype.type(net.multipliers[layer]) * W).T
        if biases:
            h += biases[layer]
        if layer < net.depth:
            inputs.append(net.activation(h))
            slopes.append(net.activation.derivative(h))
    return inputs[:-1], slopes, h


def early_alignments(
    net: MLP, weights: tuple[Any, ...], inputs: list[Any], slopes: list[Any], R: Any, stands_for: Any
) -> list[float]:
    """Compute the C-NFA of every hidden layer at leading order.

    Parameters
    ----------
    net : MLP
        The network.
    weights : tuple of array
        By layer, the readout last.
    inputs, slopes : list of array
        From `forward`.
    R : (n, c) array
        Residuals; zero for samples outside the batch.
    stands_for : (n,) array
        For how many samples each one stands in the average over samples of the AGOP.

    Returns
    -------
    list of float
        By layer.
    """
    n, c = R.shape
    values = []
    back = np.broadcast_to(weights[-1], (n, *weights[-1].shape))
    for layer in range(net.depth, 0, -1):
        D = slopes[layer - 1][:, None, :] * back
        dW = np.einsum("ni,nik->kn", R, D) @ inputs[layer - 1]
        rows = (D * np.sqrt(stands_for)[:, None, None]).reshape(n * c, -1)
        values.append(_alignment(dW, rows, layer))
        if layer > 1:
            unit = weights[layer - 1] * weights[layer - 1].dtype.type(weights[layer - 1].shape[1] ** -0.5)
            back = (D.reshape(n * c, -1) @ unit).reshape(n, c, -1)
    return values[::-1]


def _alignment(dW: Any, D: Any, layer: int) -> float:
    """Align ``dW^T dW`` with ``dW^T D^T D dW``, in the smaller of the layer's two spaces."""
    dW = dW / (abs(dW).max() or 1)
    if dW.shape[1] < dW.shape[0]:
        F, half = dW.T @ dW, D @ dW
        G = half.T @ half
        return cosine(float(np.sum(F * G)), float(np.sum(F * F)), float(np.sum(G * G)), layer)
    C = dW @ dW.T
    M = C @ (D.T @ D)
    return cosine(float(np.sum(M * C)), float(np.sum(C * C)), float(np.sum(M * M.T)), layer)
