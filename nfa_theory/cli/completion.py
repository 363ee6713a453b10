"""What the shell offers after Tab: names that exist, each looked up when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable


def offer(names: Callable[[], Iterable[str]]) -> Callable[[str], list[str]]:
    """Make a completion from a list of names.

    Examples
    --------
    >>> offer(lambda: ("relu", "erf", "repu"))("re")
    ['relu', 'repu']
    """

    def complete(incomplete: str) -> list[str]:
        return [name for name in names() if name.startswith(incomplete)]

    return complete


def _claims() -> Iterable[str]:
    from derivations.registry import all_derivations

    return all_derivations()


def _activations() -> Iterable[str]:
    from numerics import ACTIVATIONS

    return ACTIVATIONS


def _data() -> Iterable[str]:
    """Named sets, and arrays in the current folder."""
    from pathlib import Path

    from numerics.data.catalog import IMAGE_SETS

    return [*IMAGE_SETS, *sorted(path.name for path in Path.cwd().glob("*.npz"))]


def _parametrizations() -> Iterable[str]:
    from numerics.networks.parametrizations import PARAMETRIZATIONS

    return PARAMETRIZATIONS


complete_claim = offer(_claims)
complete_activation = offer(_activations)
complete_data = offer(_data)
complete_parametrization = offer(_parametrizations)
