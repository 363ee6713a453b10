"""Write the README's table of claims: ``python scripts/claims_table.py`` after a change of claims."""

from __future__ import annotations

import sys
from pathlib import Path

from derivations.registry import all_derivations, by_chapter
from nfa_theory.verify.court import all_checks

README = Path(__file__).parents[1] / "README.md"
START, END = "<!-- claims: start -->\n", "<!-- claims: end -->\n"


def table() -> str:
    """Count the claims of each chapter, and those of them that `nfa verify` holds to a simulation.

    Returns
    -------
    str
        Markdown.
    """
    chapters = by_chapter(all_derivations())
    judged = {check.claim for check in all_checks()}
    rows = [
        f"| {chapter.title} | {len(names)} | {len(judged.intersection(names))} | {chapter.summary} |"
        for chapter, names in chapters.items()
    ]
    total = f"| **All** | **{sum(map(len, chapters.values()))}** | **{len(judged)}** | |"
    head = ["| chapter | derived | judged by simulation too | what the claims say |", "|---|---|---|---|"]
    return "\n".join([*head, *rows, total]) + "\n"


def with_table(text: str) -> str:
    """Put the current table between the marks.

    Parameters
    ----------
    text : str
        The README.

    Returns
    -------
    str
        The same with the table of today.
    """
    before, rest = text.split(START)
    return before + START + table() + END + rest.split(END)[1]


if __name__ == "__main__":
    README.write_text(with_table(README.read_text(encoding="utf-8")), encoding="utf-8")
    print(f"{README.name}: table of claims written", file=sys.stderr)
