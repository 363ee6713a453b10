"""Write docs/refuted.md: ``nfa verify --refute --json > refuted.json; python scripts/refuted_page.py refuted.json``."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parents[1] / "docs" / "refuted.md"
HEAD = """# Wrong claims, and how many are refused

From every closed form wrong ones are made, with one thing changed: each coefficient scaled by 1.02, 0.98, 1.05, 0.95
and -1, each term dropped; terms added that vanish for matrices of size 1, 2 or 3, and factors that are 1 at the sizes
tried; neighboring matrices swapped, two matrices or symbols exchanged throughout a term, each power one more and one
less, each transpose lost or gained. Shapes conform, and what is equal in canonical form is left out. The table counts
those that the measurements of the court do not hold, without help from the symbolic obligations: they refuse them, or
they call them undecided because the instances could not see all of such a form.

This page is written by a command, with seed {seed}:

```console
$ nfa verify --refute --json > refuted.json
$ python scripts/refuted_page.py refuted.json
```

**{summary}**

| claim | refused | wrong claims | equivalent |
|---|---|---|---|
"""
ROW = re.compile(r"^\| `([\w.]+)` \| (\d+) \| (\d+) \| (\d+) \|$", re.MULTILINE)


def page(results: list[dict[str, Any]]) -> str:
    """Write the page.

    Parameters
    ----------
    results : list of dict
        What ``nfa verify --refute --json`` printed, of all claims or of parts of them.

    Returns
    -------
    str
        Markdown.
    """
    claims = [claim for result in results for claim in result["claims"]]
    claims.sort(key=lambda claim: claim["claim"])
    rows = "".join(
        f"| `{each['claim']}` | {each['killed']} | {each['total'] - each['equivalent']} | {each['equivalent']} |\n"
        for each in claims
    )
    seeds = ", ".join(sorted({str(result["seed"]) for result in results}))
    return HEAD.format(seed=seeds, summary=_summary(claims)) + rows + "\n" + _survivors(claims)


def _summary(claims: list[dict[str, Any]]) -> str:
    killed, equivalent, total = (sum(each[name] for each in claims) for name in ("killed", "equivalent", "total"))
    wrong = total - equivalent
    more = f" {equivalent} more are equivalent to the true ones." if equivalent else ""
    return f"{killed} of {wrong} wrong claims are refused: {100 * killed / wrong:.2f} %.{more}"


def _survivors(claims: list[dict[str, Any]]) -> str:
    """List what was not refused, with the reason."""
    lines = ["## Those that were not refused, and why\n"]
    lines += [
        f"- `{claim['claim']}`, {_code(each['description'])}: {each['reason']}\n"
        for claim in claims
        for each in claim["survivors"]
    ]
    return "\n".join(lines if len(lines) > 1 else [*lines, "None.\n"])


def _code(text: str) -> str:
    return "`" + text.replace("`", "'") + "`"


def counts(text: str) -> dict[str, tuple[int, int, int]]:
    """Read the table.

    Parameters
    ----------
    text : str
        The page.

    Returns
    -------
    dict
        By claim: how many were refused, of how many wrong ones, and how many are equivalent.
    """
    return {name: (int(killed), int(wrong), int(equal)) for name, killed, wrong, equal in ROW.findall(text)}


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("usage: python scripts/refuted_page.py refuted.json ...")
    printed = [json.loads(Path(name).read_text(encoding="utf-8")) for name in sys.argv[1:]]
    PAGE.write_text(page(printed), encoding="utf-8")
    print(f"{PAGE.name} written", file=sys.stderr)
