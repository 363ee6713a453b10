"""The user's own network: alignments of every layer of any PyTorch model, watched, predicted, looked at and improved.

Needs PyTorch (``pip install "nfa-theory[torch]"``); nothing else in the package imports this folder.
"""

from nfa_theory.torch.measure import measure, ptf_covariances

__all__ = ["measure", "ptf_covariances"]
