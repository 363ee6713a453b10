"""All derivations by name: every module here that lists ``DERIVATIONS`` is found, so a new result is one new file."""

import difflib
import importlib
import pkgutil
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

import derivations
from derivations.derivation import Derivation
from derivations.errors import DerivationError


class UnknownDerivationError(DerivationError):
    """A name that no derivation has; the message offers the nearest."""


@lru_cache(maxsize=1)
def all_derivations() -> Mapping[str, Derivation]:
    """Find every derivation; nothing is derived yet.

    Returns
    -------
    mapping from str to Derivation
        By name, in alphabetical order.

    Raises
    ------
    DerivationError
        If two derivations have one name.
    """
    found: dict[str, Derivation] = {}
    for module in pkgutil.iter_modules(derivations.__path__, "derivations."):
        for each in getattr(importlib.import_module(module.name), "DERIVATIONS", ()):
            if each.name in found:
                raise DerivationError(f"the name of a derivation must be unique, got {each.name} twice")
            found[each.name] = each
    return MappingProxyType(dict(sorted(found.items())))


def get_derivation(name: str) -> Derivation:
    """Return a derivation.

    Parameters
    ----------
    name : str
        ``"module.result"``.

    Returns
    -------
    Derivation

    Raises
    ------
    UnknownDerivationError
        If there is none of that name; the message offers the nearest.

    Examples
    --------
    >>> get_derivation("alignment_identity.factorization").title
    'The AGOP factors through the weights'
    """
    found = all_derivations()
    if name not in found:
        raise UnknownDerivationError(unknown_name(name, tuple(found)))
    return found[name]


def unknown_name(name: str, known: tuple[str, ...]) -> str:
    """Say that a claim is unknown and which one may be meant.

    Parameters
    ----------
    name : str
        What came.
    known : tuple of str
        What there is.

    Returns
    -------
    str
        One line.
    """
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
    hint = f"did you mean {near[0]!r}?" if near else f"there are {len(known)}, such as {known[0]!r}"
    return f"a claim must be one of the names that are listed, got {name!r}; {hint}"
