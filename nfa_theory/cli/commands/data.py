"""`nfa data`: the data sets that have names."""

from __future__ import annotations

import json
from typing import Any

import typer

from nfa_theory.cli.options import Json


def data(json_: Json = False) -> None:
    """List the named data sets. The first is shipped with the package; the others are downloaded once."""
    from numerics.data.catalog import IMAGE_SETS

    sets: list[dict[str, Any]] = [
        {
            "name": s.name,
            "image_shape": list(s.image_shape),
            "classes": len(s.class_names),
            "license": s.license,
            "source": s.source,
        }
        for s in IMAGE_SETS.values()
    ]
    if json_:
        typer.echo(json.dumps(sets, indent=2))
        return
    for entry in sets:
        shape = " x ".join(map(str, entry["image_shape"]))
        typer.echo(f"{entry['name']:<22}{shape:<14}{entry['classes']} classes   {entry['license']}")
