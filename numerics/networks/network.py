"""The networks there are, for functions that take any of them."""

from numerics.networks.convolution.convnet import ConvNet
from numerics.networks.mlp import MLP

Network = MLP | ConvNet
