"""Folders of results: staged out of sight, they appear only when finished, and replace nothing without permission."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from numerics.backend.files import (
    AnyPath,
    check_target,
    disk_errors,
    move_into_place,
    staged_file,
    staging,
    write_atomically,
)
from numerics.errors import InputError

__all__ = ["check_target", "staged_file", "staged_folder", "write_atomically"]


@contextmanager
def staged_folder(
    path: AnyPath, *, names: Iterable[str] = (), replace: bool = True, inputs: Iterable[AnyPath] = ()
) -> Iterator[Path]:
    """Offer a temporary folder whose content moves to `path` when the block ends well.

    A folder that is new appears in one step. Into a folder that exists, the files are moved one by one, each in
    one step, and what else lies there is left alone: `path` may be somebody's home. Without `replace`, nothing of
    `names` may be there at the start, and no file that is there is replaced at the end.
    """
    target = Path(path).absolute()
    check_folder(path, names=names, replace=replace, inputs=inputs)
    existing = next(folder for folder in (target, *target.parents) if os.path.lexists(folder))
    with staging(existing, target, alone=not replace) as staged, disk_errors(target):
        yield staged
        if existing == target and (replace or not _taken(staged, target)):
            _move_files(staged, target)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            staged.chmod(0o777 & ~_umask())
            move_into_place(staged, target, replace=False)


def check_folder(
    path: AnyPath, *, names: Iterable[str] = (), replace: bool = True, inputs: Iterable[AnyPath] = ()
) -> None:
    """Decide whether results of these names may go into a folder."""
    target, inputs = Path(path).absolute(), list(inputs)
    existing = next(folder for folder in (target, *target.parents) if os.path.lexists(folder))
    if not existing.is_dir():
        raise InputError(f"the output must be a folder, got {str(path)!r}: {str(existing)!r} is a file")
    for name in names:
        if (target / name).is_dir() and not (target / name).is_symlink():
            if not replace and any((target / name).iterdir()):
                raise InputError(
                    f"the output must be new, got {str(target / name)!r}, which exists; --force replaces it"
                )
        elif os.path.lexists(target / name):
            check_target(target / name, replace=replace, inputs=inputs)


def _taken(source: Path, target: Path) -> bool:
    """Tell whether a file below `source` has a namesake below `target`."""
    return any(os.path.lexists(target / path.relative_to(source)) for path in source.rglob("*") if not path.is_dir())


def _move_files(source: Path, target: Path) -> None:
    """Move every file below `source` to the same place below `target`, unless one would replace what it must not."""
    found = [(path, target / path.relative_to(source)) for path in sorted(source.rglob("*"))]
    for path, destination in found:
        if not path.is_dir() and os.path.lexists(destination):
            check_target(destination, replace=True)
    for path, destination in found:
        if path.is_dir():
            destination.mkdir(exist_ok=True)
        else:
            path.replace(destination)


def _umask() -> int:
    """Read the umask: mkdtemp makes private folders, but results are as public as the user's other files."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
