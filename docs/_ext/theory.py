"""A Sphinx extension: the theory chapter by chapter, written from the claims themselves before the pages are read."""

from __future__ import annotations

import re
from collections.abc import Set
from pathlib import Path
from typing import Any

from generated import write_pages
from sphinx.application import Sphinx
from sphinx.config import Config

from derivations.chapter import Chapter
from derivations.registry import all_derivations, by_chapter
from derivations.rendering import Document
from derivations.rendering.document import EquationText, StepText
from nfa_theory.derivation_cache import cached_document

_SPECIAL = re.compile(r"[\\`*_<>\[\]|#{}^~]")


def prose(text: str) -> str:
    """Escape what Markdown would read as its own, outside of mathematics."""
    pieces = text.split("$")
    return "".join(f"${piece}$" if i % 2 else _SPECIAL.sub(r"\\\g<0>", piece) for i, piece in enumerate(pieces))


def display(equation: EquationText) -> str:
    """Set an equation off."""
    return "\n\n".join(f"```{{math}}\n{line}\n```" for line in equation["displays"])


def listed(title: str, entries: list[str]) -> str:
    """Write a list under a bold title."""
    return "\n".join([f"**{title}**\n", *(f"- {prose(each)}" for each in entries), ""]) if entries else ""


def steps_of(count: int) -> str:
    """Count steps in words."""
    return f"{count} step" if count == 1 else f"{count} steps"


def step(number: int, content: StepText, known: Set[str]) -> str:
    """Write one step of an argument; claims among what it uses become links if they stand in these pages."""
    names = [f"[{prose(each)}](#{each})" if each in known else prose(each) for each in content["uses"]]
    uses = f" *Uses:* {'; '.join(names)}." if names else ""
    parts = [f"**{number}.** {prose(content['text'])}{uses}", *map(display, content["equations"])]
    return "\n\n".join(parts)


def section(document: Document, known: Set[str]) -> str:
    """Write a claim: statement, closed form, and the derivation folded."""
    name, obligations = document["name"], document["obligations"]
    held = ", ".join(f"{prose(key)} {'✓' if holds else '✗'}" for key, holds in obligations.items())
    steps = "\n\n".join(step(i, each, known) for i, each in enumerate(document["steps"], start=1))
    closed = "\n\n".join(map(display, document["closed_form"].values()))
    return f"""({name})=
## {prose(document["title"])}

{prose(document["statement"])}

{closed}

{listed("Assumptions", document["assumptions"])}
::::{{dropdown}} Derivation in {steps_of(len(document["steps"]))}
{steps}

**Checked.** {sum(obligations.values())} of {len(obligations)} obligations hold: {held}.

```console
$ nfa derive {name}
```
::::

{listed("Limits", document["limits"])}
*Source:* {prose(document["source"])}
"""


def chapter_page(chapter: Chapter, names: list[str], known: Set[str]) -> str:
    """Write a chapter."""
    sections = "\n".join(section(cached_document(name), known) for name in names)
    return f"# {chapter.title}\n\n{chapter.summary}\n\n{sections}"


def index_page(chapters: dict[Chapter, list[str]], left_out: int) -> str:
    """Write the table of contents."""
    entries = "\n".join(f"{chapter.slug}" for chapter in chapters)
    rows = "\n".join(f"| [{c.title}]({c.slug}.md) | {len(names)} | {c.summary} |" for c, names in chapters.items())
    note = f"\nThis is a reduced build, without {left_out} claims.\n" if left_out else ""
    return f"""# The theory

Everything here is printed from derivations that run: each claim has steps that the machine did, a closed form that came
out of them, and obligations that are computed from the definitions and must vanish. Each obligation is tested to fail
when a coefficient of the closed form is changed by two percent, when its sign is turned, or when a term is dropped.
{note}
| chapter | claims | |
|---|---|---|
{rows}

```{{toctree}}
:hidden:
{entries}
```
"""


def write_theory(app: Sphinx, config: Config) -> None:
    """Write a page for each chapter, and the table of contents."""
    del config
    names = list(all_derivations())
    chapters = by_chapter(names)
    if app.tags.has("quick"):  # the first claim of each chapter: the rest only takes time
        chapters = {chapter: claims[:1] for chapter, claims in chapters.items()}
    known = {name for claims in chapters.values() for name in claims}
    pages = {f"{chapter.slug}.md": chapter_page(chapter, claims, known) for chapter, claims in chapters.items()}
    pages["index.md"] = index_page(chapters, len(names) - sum(map(len, chapters.values())))
    write_pages(Path(app.srcdir) / "theory", pages)


def setup(app: Sphinx) -> dict[str, Any]:
    """Write the pages once the configuration is known."""
    app.connect("config-inited", write_theory)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
