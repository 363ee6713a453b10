"""Derivations written out, kept on disk by content: a change of any source of the theory makes a new entry."""

from __future__ import annotations

import hashlib
import json
import re
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from nfa_theory.files import write_atomically
from numerics.errors import InputError, unknown

if TYPE_CHECKING:
    from derivations.rendering import Document

_NAME = re.compile(r"[a-z0-9_]+\.[a-z0-9_]+")


def cached_document(name: str, folder: Path | None = None, *, anew: bool = False) -> Document:
    """Write out a derivation and decide its obligations, or read what an earlier process wrote, unless `anew`."""
    place = (cache_folder() if folder is None else folder) / source_digest() / f"{name}.json"
    found = None if anew or not _NAME.fullmatch(name) else _read(place, name)
    if found is not None:
        return found
    # Only now: SymPy takes longer to import than an entry to read.
    from derivations.registry import all_derivations
    from derivations.rendering.describe import describe

    theory = all_derivations()
    if name not in theory:
        raise InputError(unknown("claim", name, theory))
    document = describe(theory[name])
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(place, json.dumps({"sha256": _digest(document), "document": document}, ensure_ascii=False))
    except (OSError, InputError):
        pass
    return document


def cache_folder() -> Path:
    """Return the folder of the entries in the user's cache."""
    import pooch

    return Path(pooch.os_cache("nfa-theory")) / "derivations"


@lru_cache(maxsize=1)
def source_digest() -> str:
    """Hash every source file of the theory, and the version of SymPy."""
    import derivations

    root = Path(next(iter(derivations.__path__)))
    digest = hashlib.sha256(version("sympy").encode())
    for path in sorted(root.rglob("*.py")):
        digest.update(str(path.relative_to(root)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:32]


def _read(place: Path, name: str) -> Document | None:
    """Read an entry; one that is missing or damaged does not count."""
    try:
        entry = json.loads(place.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    document = entry.get("document") if isinstance(entry, dict) else None
    if not isinstance(document, dict) or (document.get("name"), _digest(document)) != (name, entry.get("sha256")):
        return None
    return cast("Document", document)


def _digest(document: Any) -> str:
    return hashlib.sha256(json.dumps(document, ensure_ascii=False).encode()).hexdigest()
