"""A convolutional network written out entry by entry: slow, and without any array of positions."""

import math

import numpy as np

from nfa_theory import Conv, MeanPool


def entrywise_function(net, x, parameters, moved=None):
    """Evaluate a network on one image; `moved` adds a number to a pre-activation (layer, position, channel, number)."""
    image = np.asarray(x).reshape(net.image)
    walk = _Walk(net, parameters, moved)
    linear = False
    for layer in net.layers:
        if isinstance(layer, Conv):
            image = walk.convolve(layer, net.activation(image) if linear else image)
            linear = True
        elif isinstance(layer, MeanPool):
            image = walk.pool(layer, net.activation(image) if linear else image)
            linear = False
        else:
            branch = image
            for each in layer.layers:
                branch = walk.convolve(each, net.activation(branch))
            image = image + branch
    image = net.activation(image) if linear else image
    c, h, w = image.shape
    A, scale = parameters.weights[-1], net.multipliers[-1]
    bias = parameters.biases[-1] if parameters.biases else np.zeros(net.outputs)
    f = np.array(bias, dtype=float)
    for output in range(net.outputs):
        for channel in range(c):
            for i in range(h):
                for j in range(w):
                    if net.readout == "mean":
                        f[output] += scale * A[output, channel] * image[channel, i, j] / (h * w)
                    else:
                        f[output] += scale * A[output, (i * w + j) * c + channel] * image[channel, i, j]
    return f


class _Walk:
    def __init__(self, net, parameters, moved):
        self.net, self.parameters, self.moved, self.layer = net, parameters, moved, 0

    def convolve(self, layer, image):
        self.layer += 1
        W, scale = self.parameters.weights[self.layer - 1], self.net.multipliers[self.layer - 1]
        bias = self.parameters.biases[self.layer - 1] if self.parameters.biases else np.zeros(layer.channels)
        c, h, w = image.shape
        size, apart, margin = layer.kernel_size, layer.dilation, layer.margin
        rows, columns = (math.floor((side + 2 * margin - apart * (size - 1) - 1) / layer.stride) + 1 for side in (h, w))
        result = np.zeros((layer.channels, rows, columns))
        for output in range(layer.channels):
            for i in range(rows):
                for j in range(columns):
                    total = 0.0
                    for a in range(size):
                        for b in range(size):
                            y, x = i * layer.stride - margin + a * apart, j * layer.stride - margin + b * apart
                            if layer.padding_mode == "circular":
                                y, x = y % h, x % w
                            if 0 <= y < h and 0 <= x < w:
                                for channel in range(c):
                                    total += W[output, (a * size + b) * c + channel] * image[channel, y, x]
                    result[output, i, j] = scale * total + bias[output]
        if self.moved is not None and self.moved[0] == self.layer:
            _, position, unit, change = self.moved
            result[unit, position // columns, position % columns] += change
        return result

    def pool(self, layer, image):
        c, h, w = image.shape
        stride = layer.stride or layer.size
        rows, columns = ((side - layer.size) // stride + 1 for side in (h, w))
        result = np.zeros((c, rows, columns))
        for channel in range(c):
            for i in range(rows):
                for j in range(columns):
                    window = image[channel, i * stride : i * stride + layer.size, j * stride : j * stride + layer.size]
                    result[channel, i, j] = window.mean()
        return result
