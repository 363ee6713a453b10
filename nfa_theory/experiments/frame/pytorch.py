"""Experiments that need PyTorch, which is an extra: its side is looked up when they run."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from numerics.errors import InputError


def pytorch_side(module: str) -> Any:
    """Return a module of `nfa_theory.torch`; without PyTorch say in one line how to install it."""
    try:
        return import_module(f"nfa_theory.torch.{module}")
    except ImportError as error:
        raise InputError("this experiment needs PyTorch, got none: pip install 'nfa-theory[torch]'") from error
