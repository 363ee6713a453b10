"""On which line of a TOML file every key is: the library that reads the values does not tell."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from typing import Any

Path = tuple[str | int, ...]
"""The keys that lead to a value, and the number of a table among those of one name."""


def key_lines(text: str) -> dict[Path, int]:
    r"""Find the line of every key and table of a valid file, from 1.

    Examples
    --------
    >>> key_lines("a = 1\n[b]\nc.d = [\n 2,\n]\n[[e]]\nf = 3")
    {('a',): 1, ('b',): 2, ('b', 'c', 'd'): 3, ('e', 0): 6, ('e', 0, 'f'): 7}
    """
    found: dict[Path, int] = {}
    counts: dict[Path, int] = {}
    table: Path = ()
    for line, statement in _statements(text):
        content = tomllib.loads(statement)
        if statement.lstrip().startswith("["):
            keys = _keys(content)
            several = statement.lstrip().startswith("[[")
            table = _numbered(keys[:-1] if several else keys, counts)
            if several:
                table = (*table, keys[-1])
                counts[table] = counts.get(table, -1) + 1
                table = (*table, counts[table])
            found.setdefault(table, line)
        elif content:
            found.setdefault((*table, *_keys(content)), line)
    return found


def line_of(path: Path, lines: dict[Path, int]) -> int:
    """Return the line of a key, or of what is nearest above or below it."""
    for length in range(len(path), 0, -1):
        if path[:length] in lines:
            return lines[path[:length]]
        below = [line for known, line in lines.items() if known[:length] == path[:length]]
        if below:
            return min(below)
    return 1


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Cut a file into its statements: the fewest lines that are valid by themselves."""
    start, lines = 1, text.splitlines()
    gathered: list[str] = []
    for number, line in enumerate(lines, start=1):
        if not gathered:
            start = number
        gathered.append(line)
        statement = "\n".join(gathered)
        try:
            tomllib.loads(statement)
        except tomllib.TOMLDecodeError:
            continue
        gathered = []
        yield start, statement


def _keys(content: dict[str, Any]) -> Path:
    """Follow the only key of every table."""
    keys: list[str] = []
    value: Any = content
    while isinstance(value, dict) and len(value) == 1:
        ((key, value),) = value.items()
        keys.append(key)
        if isinstance(value, list) and len(value) == 1 and value[0] == {}:  # [[a]]
            break
    return tuple(keys)


def _numbered(keys: Path, counts: dict[Path, int]) -> Path:
    """Put after every name of several tables the number of the last one."""
    path: Path = ()
    for key in keys:
        path = (*path, key)
        if path in counts:
            path = (*path, counts[path])
    return path
