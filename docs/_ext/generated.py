"""Writing generated pages into the source folder, where version control ignores them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def write_pages(folder: Path, pages: Mapping[str, str]) -> None:
    """Make a folder hold exactly these pages; one that has not changed is left alone, so that it is not built again.

    Parameters
    ----------
    folder : pathlib.Path
        Made if it is missing.
    pages : mapping of str to str
        Content by file name.
    """
    folder.mkdir(exist_ok=True)
    for path in folder.glob("*.md"):
        if path.name not in pages:
            path.unlink()
    for name, content in pages.items():
        path = folder / name
        if not path.exists() or path.read_text(encoding="utf-8") != content:
            path.write_text(content, encoding="utf-8")
