"""All derivations by name, chapter by chapter.

Every folder of this package whose ``__init__`` has a ``CHAPTER`` is a chapter, and every module in it that lists
``DERIVATIONS`` is found: a new result is one new file.
"""

import difflib
import importlib
import pkgutil
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType, ModuleType
from typing import Final

import derivations
from derivations.chapter import Chapter
from derivations.derivation import Derivation
from derivations.errors import DerivationError

READING_ORDER: Final = ("identities", "early", "linear", "quadratic", "wide", "data", "sgd", "training", "convolution")
"""Chapters in the order in which they are read, and may import each other; others come last."""


class UnknownDerivationError(DerivationError):
    """A name that no derivation has; the message offers the nearest."""


@lru_cache(maxsize=1)
def chapters() -> Mapping[str, Chapter]:
    """Find the chapters.

    Returns
    -------
    mapping from str to Chapter
        By the name of their folder, in the order of reading.

    Raises
    ------
    DerivationError
        If a chapter does not have the name of its folder.
    """
    found: dict[str, Chapter] = {}
    for folder in _in_order((each.name for each in _modules_of(derivations) if each.ispkg), READING_ORDER):
        chapter = getattr(importlib.import_module(f"{derivations.__name__}.{folder}"), "CHAPTER", None)
        if isinstance(chapter, Chapter):
            if chapter.slug != folder:
                raise DerivationError(f"a chapter must have the name of its folder {folder}, got {chapter.slug}")
            found[folder] = chapter
    return MappingProxyType(found)


@lru_cache(maxsize=1)
def derivations_by_module() -> Mapping[str, tuple[Derivation, ...]]:
    """Find every derivation; nothing is derived yet.

    Returns
    -------
    mapping from str to tuple of Derivation
        What each module ``"chapter.module"`` lists, in the order of reading.

    Raises
    ------
    DerivationError
        If two derivations have one name, or one has the name of another chapter.
    """
    found: dict[str, tuple[Derivation, ...]] = {}
    seen: set[str] = set()
    for slug, chapter in chapters().items():
        package = importlib.import_module(f"{derivations.__name__}.{slug}")
        for name in _in_order((each.name for each in _modules_of(package)), chapter.reading_order):
            listed = getattr(importlib.import_module(f"{package.__name__}.{name}"), "DERIVATIONS", ())
            _refuse_wrong_names(listed, slug, seen)
            if listed:
                found[f"{slug}.{name}"] = tuple(listed)
    return MappingProxyType(found)


@lru_cache(maxsize=1)
def all_derivations() -> Mapping[str, Derivation]:
    """Find every derivation; nothing is derived yet.

    Returns
    -------
    mapping from str to Derivation
        By name, in the order of reading.

    Raises
    ------
    DerivationError
        If two derivations have one name, or one has the name of another chapter.
    """
    return MappingProxyType({each.name: each for listed in derivations_by_module().values() for each in listed})


def by_chapter(names: Iterable[str]) -> dict[Chapter, list[str]]:
    """Sort claims into chapters.

    Parameters
    ----------
    names : iterable of str
        ``"chapter.result"``.

    Returns
    -------
    dict of Chapter to list of str
        In the order of reading; chapters without claims are left out.

    Examples
    --------
    >>> found = by_chapter(["linear.closed_flow", "early.epoch", "early.weight_change"])
    >>> [(chapter.slug, claims) for chapter, claims in found.items()]
    [('early', ['early.weight_change', 'early.epoch']), ('linear', ['linear.closed_flow'])]
    """
    wanted = {get_derivation(name).name for name in names}
    of_chapter: dict[Chapter, list[str]] = {}
    for name in all_derivations():
        if name in wanted:
            of_chapter.setdefault(chapters()[name.partition(".")[0]], []).append(name)
    return of_chapter


def get_derivation(name: str) -> Derivation:
    """Return a derivation.

    Parameters
    ----------
    name : str
        ``"chapter.result"``.

    Returns
    -------
    Derivation

    Raises
    ------
    UnknownDerivationError
        If there is none of that name; the message offers the nearest.

    Examples
    --------
    >>> get_derivation("identities.factorization").title
    'The AGOP factors through the weights'
    """
    found = all_derivations()
    if name not in found:
        raise UnknownDerivationError(unknown_name(name, tuple(found)))
    return found[name]


def unknown_name(name: str, known: tuple[str, ...]) -> str:
    """Say that a claim is unknown and which one may be meant, in one line."""
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
    hint = f"did you mean {near[0]!r}?" if near else f"there are {len(known)}, such as {known[0]!r}"
    return f"a claim must be one of the names that are listed, got {name!r}; {hint}"


def _modules_of(package: ModuleType) -> Iterator[pkgutil.ModuleInfo]:
    return pkgutil.iter_modules(package.__path__)


def _in_order(names: Iterable[str], order: tuple[str, ...]) -> list[str]:
    """Sort names by their place in an order; those without one come last, by the alphabet."""
    return sorted(names, key=lambda name: (order.index(name) if name in order else len(order), name))


def _refuse_wrong_names(listed: Iterable[Derivation], slug: str, seen: set[str]) -> None:
    for each in listed:
        if each.name in seen:
            raise DerivationError(f"the name of a derivation must be unique, got {each.name} twice")
        if each.name.partition(".")[0] != slug:
            raise DerivationError(f"a derivation in the chapter {slug} must be named {slug}.result, got {each.name}")
        seen.add(each.name)
