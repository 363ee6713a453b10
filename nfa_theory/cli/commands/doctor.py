"""`nfa doctor`: what this installation is, and what it lacks."""

from __future__ import annotations

import json
from typing import Any

import typer

from nfa_theory.cli.options import Json


def doctor(json_: Json = False) -> None:
    """Show versions, linear algebra and its threads, GPU, data sets found and free space: put it into bug reports.

    Nothing is downloaded and nothing is written.
    """
    from nfa_theory.doctor import examine

    found = examine()
    typer.echo(json.dumps(found, indent=2) if json_ else summarize(found))


def summarize(found: dict[str, Any]) -> str:
    """Put the findings into a table of two columns."""
    rows = [
        *((name, number or "not installed") for name, number in found["versions"].items()),
        *((name, number or "not installed (optional)") for name, number in found["optional"].items()),
        ("processor", "{machine}, {system}, {cores} usable cores".format(**found["processor"])),
        *((f"linear algebra of {each['package']}", _library(each)) for each in found["blas"]),
        ("GPU", _gpu(found["gpu"])),
        *((f"data {name}", place or "not found") for name, place in found["data"].items()),
        *((f"space for {name}", f"{_size(e['free'])} free, {e['folder']}") for name, e in found["space"].items()),
        *(("advice", sentence) for sentence in found["advice"]),
    ]
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"{name:<{width}}  {value}" for name, value in rows)


def _library(library: dict[str, Any]) -> str:
    kernel = f", {library['kernel']} kernels" if library["kernel"] else ""
    return f"{library['library']} {library['version'] or ''}{kernel}, {library['threads']} threads"


def _gpu(card: dict[str, Any]) -> str:
    return f"{card['name']}, {_size(card['memory'])}" if card["available"] else f"none: {card['reason']}"


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB"
