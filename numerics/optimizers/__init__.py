"""Rules by which networks learn: gradient flow, gradient descent, momentum, Adam, speed-limited optimization."""

from numerics.optimizers.adam import Adam
from numerics.optimizers.base import LossAndGradients, Optimizer, Step
from numerics.optimizers.descent import Descent, Momentum
from numerics.optimizers.gradient_flow import GradientFlow
from numerics.optimizers.named import OPTIMIZERS, find_optimizer
from numerics.optimizers.settings import CommonSettings
from numerics.optimizers.speed_limited import SpeedLimited, favor_layer

__all__ = [
    "OPTIMIZERS",
    "Adam",
    "CommonSettings",
    "Descent",
    "GradientFlow",
    "LossAndGradients",
    "Momentum",
    "Optimizer",
    "SpeedLimited",
    "Step",
    "favor_layer",
    "find_optimizer",
]
