"""Kernels of infinitely wide convolutional networks, one pair of positions after the other, by Gauss-Hermite rules.

Slow, on images of a few positions; neither tables of pairs nor closed forms of duals. Each function returns a matrix
over rows (sample, position) as nested dictionaries would: K[mu, p, nu, q].
"""

import numpy as np

from nfa_theory import Conv, MeanPool

NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(60)
WEIGHTS = WEIGHTS / WEIGHTS.sum()


def gaussian_average(function, V):
    """E[function(u) function(v)] for rows of a covariance V[mu, p, nu, q], by a tensor rule; smooth functions only."""
    flat = V.reshape(V.shape[0] * V.shape[1], -1)
    result = np.empty_like(flat)
    for i in range(len(flat)):
        for j in range(len(flat)):
            s, t = np.sqrt(flat[i, i]), np.sqrt(flat[j, j])
            r = flat[i, j] / (s * t) if s * t > 0 else 0.0
            u = s * NODES[:, None]
            v = t * (r * NODES[:, None] + np.sqrt(max(1 - r * r, 0.0)) * NODES[None, :])
            result[i, j] = WEIGHTS @ (function(u) * function(v)) @ WEIGHTS
    return result.reshape(V.shape)


def windows(layer, shape):
    """List, for every position after a layer, what it sees as (offset, position); padding is left out."""
    h, w = shape
    conv = isinstance(layer, Conv)
    size = layer.kernel_size if conv else layer.size
    stride = layer.stride if conv else (layer.stride or layer.size)
    margin, apart = (layer.margin, layer.dilation) if conv else (0, 1)
    after = [(side + 2 * margin - apart * (size - 1) - 1) // stride + 1 for side in shape]
    seen = []
    for i in range(after[0]):
        for j in range(after[1]):
            entries = []
            for a in range(size):
                for b in range(size):
                    y, x = i * stride - margin + a * apart, j * stride - margin + b * apart
                    if conv and layer.padding_mode == "circular":
                        y, x = y % h, x % w
                    if 0 <= y < h and 0 <= x < w:
                        entries.append(((a, b), y * w + x))
            seen.append(entries)
    return seen, tuple(after), size * size


def filtered(K, seen, size):
    """The mean over offsets of the filter, the same on both sides."""
    n, after = K.shape[0], len(seen)
    S = np.zeros((n, after, n, after))
    for p in range(after):
        for q in range(after):
            for offset, y in seen[p]:
                for other, z in seen[q]:
                    if offset == other:
                        S[:, p, :, q] += K[:, y, :, z] / size
    return S


def pooled(K, seen, size):
    """The mean over windows on each side."""
    n, after = K.shape[0], len(seen)
    S = np.zeros((n, after, n, after))
    for p in range(after):
        for q in range(after):
            for _, y in seen[p]:
                for _, z in seen[q]:
                    S[:, p, :, q] += K[:, y, :, z] / size**2
    return S


def spread(kappa, seen, size, positions, *, same):
    """What comes back through a window, to every position before it."""
    n = kappa.shape[0]
    back = np.zeros((n, positions, n, positions))
    for p in range(len(seen)):
        for q in range(len(seen)):
            for offset, y in seen[p]:
                for other, z in seen[q]:
                    if not same:
                        back[:, y, :, z] += kappa[:, p, :, q] / size**2
                    elif offset == other:
                        back[:, y, :, z] += kappa[:, p, :, q] / size
    return back


class EntrywiseKernels:
    """Gram matrices S and tangent kernels kappa by layer, of networks without biases and with unit weights."""

    def __init__(self, X, net):
        self.net, self.S, self.kappa = net, {}, {}
        images = X.reshape(len(X), net.image[0], -1)
        K = np.einsum("acp,bcq->apbq", images, images) / net.image[0]
        self._layer = 0
        trail, K, shape, linear = [], K, net.image[1:], False
        for layer in net.layers:
            if isinstance(layer, Conv):
                K, shape = self._convolve(layer, K, shape, trail, linear)
                linear = True
            elif isinstance(layer, MeanPool):
                K = self._activate(K, trail) if linear else K
                seen, after, size = windows(layer, shape)
                trail.append(("pool", seen, size, K.shape[1]))
                K, shape, linear = pooled(K, seen, size), after, False
            else:
                inner, branch, K0 = [], K, K
                for each in layer.layers:
                    branch, shape = self._convolve(each, branch, shape, inner, True)
                K = K0 + branch
                trail.append(("branch", inner))
        if linear:
            K = self._activate(K, trail)
        positions = K.shape[1]
        eye = (
            np.eye(positions) / positions
            if net.readout == "dense"
            else np.full((positions, positions), positions**-2.0)
        )
        self.function = np.einsum("apbq,pq->ab", K, eye)
        self._back(np.broadcast_to(eye[None, :, None, :], K.shape), trail)

    def _activate(self, K, trail):
        trail.append(("activate", gaussian_average(self.net.activation.derivative, K)))
        return gaussian_average(self.net.activation, K)

    def _convolve(self, layer, K, shape, trail, linear):
        if linear:
            K = self._activate(K, trail)
        seen, after, size = windows(layer, shape)
        self._layer += 1
        trail.append(("convolve", seen, size, K.shape[1], self._layer))
        self.S[self._layer] = filtered(K, seen, size)
        return self.S[self._layer], after

    def _back(self, kappa, trail):
        for kind, *what in reversed(trail):
            if kind == "activate":
                kappa = kappa * what[0]
            elif kind == "pool":
                kappa = spread(kappa, *what, same=False)
            elif kind == "branch":
                kappa = kappa + self._back(kappa, what[0])
            else:
                seen, size, positions, layer = what
                self.kappa[layer] = kappa
                kappa = spread(kappa, seen, size, positions, same=True)
        return kappa
