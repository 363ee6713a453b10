"""The court: predictions, checks of theory against simulation, figures, report, command line."""

from importlib import import_module
from typing import Any

import lazy_loader

from numerics.backend.version import package_version

__version__ = package_version()

# The stub beside this file lists the public names, once, for type checkers and for imports at first use.
_public, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)


def __getattr__(name: str) -> Any:
    if name in ("torch", "sweeps"):  # optional parts; not among the names that `from nfa_theory import *` takes
        return import_module(f"nfa_theory.{name}")
    return _public(name)
