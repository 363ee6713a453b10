"""Rules by which networks learn: gradient flow, gradient descent, momentum, Adam, signs, Muon, SLO."""

from numerics.optimizers.adam import Adam, AdamW
from numerics.optimizers.base import LossAndGradients, Optimizer, Step
from numerics.optimizers.descent import Descent, Momentum
from numerics.optimizers.gradient_flow import GradientFlow
from numerics.optimizers.muon import Muon
from numerics.optimizers.named import OPTIMIZERS, find_optimizer
from numerics.optimizers.settings import CommonSettings
from numerics.optimizers.sign_descent import SignDescent
from numerics.optimizers.speed_limited import SpeedLimited, favor_layer

__all__ = [
    "OPTIMIZERS",
    "Adam",
    "AdamW",
    "CommonSettings",
    "Descent",
    "GradientFlow",
    "LossAndGradients",
    "Momentum",
    "Muon",
    "Optimizer",
    "SignDescent",
    "SpeedLimited",
    "Step",
    "favor_layer",
    "find_optimizer",
]
