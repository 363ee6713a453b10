"""`nfa list` and `nfa derive`: the claims of the theory, and the argument for each."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from nfa_theory.cli.completion import complete_claim, offer
from nfa_theory.cli.options import Json
from nfa_theory.cli.progress_bar import progress_bar
from numerics.checks import one_of
from numerics.errors import InputError, unknown

if TYPE_CHECKING:
    from derivations.rendering import Document

FORMATS = ("text", "latex", "json")
"""How a derivation can be written."""


def _chapter_names() -> tuple[str, ...]:
    from derivations.registry import chapters

    return tuple(chapters())


def list_claims(
    chapter: Annotated[
        str | None,
        typer.Argument(metavar="CHAPTER", help="Only those of one chapter.", autocompletion=offer(_chapter_names)),
    ] = None,
    json_: Json = False,
) -> None:
    """List the claims of the theory."""
    from derivations.registry import all_derivations
    from derivations.rendering.prose import plain_prose

    if chapter is not None:
        one_of("chapter", chapter, _chapter_names())
    found = {name: each for name, each in all_derivations().items() if chapter in (None, name.split(".")[0])}
    if json_:
        typer.echo(json.dumps([{"name": name, "title": each.title} for name, each in found.items()], indent=2))
        return
    width = max(map(len, found))
    for name, each in found.items():
        typer.echo(f"{name:<{width}}  {plain_prose(each.title)}")


def derive(
    claim: Annotated[
        str | None, typer.Argument(metavar="CLAIM", help="A name from `nfa list`.", autocompletion=complete_claim)
    ] = None,
    format_: Annotated[
        str,
        typer.Option(
            "--format", "-f", metavar="NAME", help="text, latex or json.", autocompletion=offer(lambda: FORMATS)
        ),
    ] = "text",
    everything: Annotated[bool, typer.Option("--all", metavar="", help="Every claim, in one document.")] = False,
    json_: Json = False,
) -> None:
    """Show how a claim follows from the definitions, step by step."""
    from nfa_theory.derivation_cache import cached_document

    if format_ not in FORMATS:
        raise InputError(unknown("format", format_, FORMATS))
    names, documents = _chosen(claim, everything), []
    with progress_bar() as show:
        for i, name in enumerate(names):
            show(i / len(names), f"deriving {name}")
            documents.append(cached_document(name))
    typer.echo(_written(documents, "json" if json_ else format_, one=not everything), nl=False)


def _chosen(claim: str | None, everything: bool) -> list[str]:
    if everything == (claim is not None):
        got = "both" if everything else "neither"
        raise InputError(f"nfa derive needs a claim or --all, got {got}; nfa list shows the claims")
    if claim is not None:
        return [claim]
    from derivations.registry import all_derivations

    return list(all_derivations())


def _written(documents: list[Document], format_: str, *, one: bool) -> str:
    from derivations.rendering import render_latex, render_text

    if format_ == "json":
        return json.dumps(documents[0] if one else documents, ensure_ascii=False, indent=2) + "\n"
    if format_ == "latex":
        return render_latex(documents, "" if one else "How neural networks learn features: derivations")
    return "\n\n".join(map(render_text, documents))
