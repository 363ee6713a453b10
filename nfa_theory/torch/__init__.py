"""The user's own network: alignments of every layer of any PyTorch model, watched, predicted, looked at and improved.

Needs PyTorch (``pip install "nfa-theory[torch]"``); nothing else in the package imports this folder.
"""

try:
    import torch as _torch  # noqa: F401
except ImportError as error:
    raise ImportError("nfa_theory.torch needs PyTorch: pip install 'nfa-theory[torch]'") from error

from nfa_theory.torch.directions import Directions, top_directions
from nfa_theory.torch.explain import Explanation, explain
from nfa_theory.torch.first_step import predict_first_step
from nfa_theory.torch.measure import measure, ptf_covariances
from nfa_theory.torch.probe import AlignmentProbe
from nfa_theory.torch.speed_limited import SpeedLimited

__all__ = [
    "AlignmentProbe",
    "Directions",
    "Explanation",
    "SpeedLimited",
    "explain",
    "measure",
    "predict_first_step",
    "ptf_covariances",
    "top_directions",
]
