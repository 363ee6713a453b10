"""Whole files or none: results are staged out of sight and appear under their names only when finished."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from numerics.errors import InputError


def write_atomically(path: str | os.PathLike[str], content: bytes | str) -> None:
    """Write a file so that nobody ever sees half of it."""
    with staged_file(path) as staged:
        staged.write_bytes(content.encode() if isinstance(content, str) else content)


@contextmanager
def staged_file(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Offer a temporary path beside `path`, for writers that want a name; it replaces `path` at the end."""
    target = Path(path)
    if target.is_dir():
        raise InputError(f"the output must be a file, got the folder {str(path)!r}")
    if not target.parent.is_dir():
        raise InputError(f"the folder of the output must exist, got {str(path)!r}")
    folder = _temporary_folder(target.parent, target)
    try:
        yield folder / target.name
        (folder / target.name).replace(target)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def staged_folder(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Offer a temporary folder whose content moves to `path` when the block ends well.

    A folder that is new appears in one step. Into a folder that exists, the files are moved one by one, each in
    one step, and what else lies there is left alone: `path` may be somebody's home.
    """
    target = Path(path).absolute()
    existing = next(folder for folder in (target, *target.parents) if os.path.lexists(folder))
    if not existing.is_dir():
        raise InputError(f"the output must be a folder, got {str(path)!r}: {str(existing)!r} is a file")
    staged = _temporary_folder(existing, target)
    try:
        yield staged
        if existing == target:
            _move_files(staged, target)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            staged.chmod(0o777 & ~_umask())
            staged.rename(target)
    finally:
        shutil.rmtree(staged, ignore_errors=True)


def _temporary_folder(where: Path, target: Path) -> Path:
    """Make the staging folder on the same file system as the target, so that moving is renaming."""
    try:
        return Path(tempfile.mkdtemp(prefix=f".{target.name}-unfinished-", dir=where))
    except OSError as error:
        reason = error.strerror or error
        raise InputError(f"the output must be writable, got {str(target)!r}: {reason}") from error


def _move_files(source: Path, target: Path) -> None:
    """Move every file below `source` to the same place below `target`."""
    for path in sorted(source.rglob("*")):
        destination = target / path.relative_to(source)
        if path.is_dir():
            destination.mkdir(exist_ok=True)
        else:
            path.replace(destination)


def _umask() -> int:
    """Read the umask: mkdtemp makes private folders, but results are as public as the user's other files."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
