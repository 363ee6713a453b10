"""Networks of the experiments with convolutions: VGG-11 and a multilayer perceptron, at any width."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from numerics.data.dataset import DataSet
from numerics.errors import InputError

SIDE = 32
"""Images of VGG-11 are brought to this side."""

VGG11 = (1, "pool", 2, "pool", 4, 4, "pool", 8, 8, "pool", 8, 8, "pool")
"""Channels of the convolutions, in multiples of the first's, and where the image is halved."""


def as_images(X: object, shape: tuple[int, int, int]) -> Tensor:
    """Return flattened images (row by row, the channel last) as a tensor of shape (n, channels, height, width)."""
    return torch.as_tensor(X, dtype=torch.float32).reshape(-1, *shape).permute(0, 3, 1, 2).contiguous()


def square_images(X: object, shape: tuple[int, int, int]) -> Tensor:
    """Bring flattened images to shape (n, channels, 32, 32): zeros around small ones, means of areas of large ones."""
    x = as_images(X, shape)
    height, width, _ = shape
    if height == width and height % SIDE == 0:
        return nn.functional.avg_pool2d(x, height // SIDE)
    if max(height, width) > SIDE:
        raise InputError(f"images must have at most {SIDE} pixels a side or a multiple of it, got {height} x {width}")
    down, right = SIDE - height, SIDE - width
    return nn.functional.pad(x, (right // 2, right - right // 2, down // 2, down - down // 2))


def vgg11(image_channels: int, outputs: int, channels: int, seed: int) -> nn.Sequential:
    """Make VGG-11 without batch normalization, its first convolution of so many channels (64 in the original).

    Convolutions start as He's initialization has them, with the variance that keeps gradients; biases are zero.
    """
    parts: list[nn.Module] = []
    fan_in = image_channels
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for entry in VGG11:
            if isinstance(entry, str):
                parts.append(nn.MaxPool2d(2))
                continue
            convolution = nn.Conv2d(fan_in, entry * channels, 3, padding=1)
            nn.init.kaiming_normal_(convolution.weight, mode="fan_out", nonlinearity="relu")
            nn.init.zeros_(convolution.bias)
            parts += [convolution, nn.ReLU(inplace=True)]
            fan_in = entry * channels
        return nn.Sequential(*parts, nn.Flatten(), nn.Linear(fan_in, outputs))


def perceptron(inputs: int, outputs: int, width: int, depth: int, seed: int) -> nn.Sequential:
    """Make a ReLU network of dense layers of one width, at PyTorch's initial weights."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        parts: list[nn.Module] = [nn.Flatten()]
        for layer in range(depth):
            parts += [nn.Linear(inputs if layer == 0 else width, width), nn.ReLU(inplace=True)]
        return nn.Sequential(*parts, nn.Linear(width, outputs))


def small_convolutions(image_channels: int, side: int, outputs: int, channels: int, seed: int) -> nn.Sequential:
    """Make three convolutions, the first two with stride 2, and a readout; PyTorch's initial weights."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = nn.Sequential(
            nn.Conv2d(image_channels, channels, 5, stride=2),
            nn.ReLU(inplace=True),
            nn.Conv2d(channels, channels, 3, stride=2),
            nn.ReLU(inplace=True),
            nn.Conv2d(channels, channels, 3),
            nn.ReLU(inplace=True),
            nn.Flatten(),
            nn.LazyLinear(outputs),
        )
        model(torch.zeros(1, image_channels, side, side))
        return model


def image_tensors(data: DataSet, *, square: bool = True) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return images and targets of training and test set, as tensors; without a test set, the training set twice."""
    shape = data.image_shape or (1, int(data.X.shape[1]), 1)
    read = square_images if square else as_images
    x, y = read(data.X, shape), torch.as_tensor(data.Y, dtype=torch.float32)
    if data.X_test is None:
        return x, y, x, y
    return x, y, read(data.X_test, shape), torch.as_tensor(data.Y_test, dtype=torch.float32)


def hidden_layers(model: nn.Module) -> list[str]:
    """Return the names of convolutions and dense layers, the readout excepted."""
    layers = [name for name, part in model.named_modules() if isinstance(part, nn.Conv2d | nn.Linear)]
    return layers[:-1]
