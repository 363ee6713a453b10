"""Whole files or none, and nobody's other files: the one place that decides where a result may go.

A result is staged beside its target, in a hidden folder ``.NAME-unfinished-XXXXXXXX`` on which this process holds a
lock, and appears under its name in one step. A lock ends with its process, however that ends: whatever carries such a
name without a lock is left over from a process that was killed, and is swept by the next one that writes there.
"""

import contextlib
import errno
import itertools
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from numerics.errors import InputError

try:
    import fcntl
except ImportError:  # Windows has no such locks: nothing is swept there
    fcntl = None  # type: ignore[assignment]

_MARK = "-unfinished-"
_STAGED = re.compile(rf"\.(?P<target>.+){_MARK}[a-z0-9_]{{8}}")
_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS}
"""What a disk answers when it cannot be written to; Python's message often has no path then."""

AnyPath = str | os.PathLike[str]


def check_target(path: AnyPath, *, replace: bool, inputs: Iterable[AnyPath] = ()) -> Path:
    """Decide whether a file may be written: it must be new or, to be replaced, a regular file that is no input."""
    target = Path(path)
    for source in map(Path, inputs):
        if source.exists() and any(place.exists() and place.samefile(source) for place in (target, *target.parents)):
            raise InputError(f"the output must not be the input, got {str(path)!r} for both")
    if target.is_symlink():
        raise InputError(
            f"the output must be a file of its own, got the link {str(path)!r} to {str(target.readlink())!r}"
        )
    if target.is_dir():
        raise InputError(f"the output must be a file, got the folder {str(path)!r}")
    if target.exists() and not stat.S_ISREG(target.stat().st_mode):
        raise InputError(f"the output must be a regular file, got {str(path)!r}, which is a device, a pipe or a socket")
    if target.exists() and not replace:
        raise InputError(f"the output must be new, got {str(path)!r}, which exists; --force replaces it")
    if not target.parent.is_dir():
        raise InputError(f"the folder of the output must exist, got {str(path)!r}")
    return target


def write_atomically(path: AnyPath, content: bytes | str) -> Path:
    """Write a file so that nobody ever sees half of it; a regular file of that name is replaced."""
    with staged_file(path, replace=True) as staged:
        staged.write_bytes(content.encode() if isinstance(content, str) else content)
    return Path(path)


@contextmanager
def staged_file(path: AnyPath, *, replace: bool = False, inputs: Iterable[AnyPath] = ()) -> Iterator[Path]:
    """Offer a temporary path beside `path`, for writers that want a name; it becomes `path` at the end."""
    target = check_target(path, replace=replace, inputs=inputs)
    with staging(target.parent, target, alone=not replace) as folder, disk_errors(target):
        yield folder / target.name
        move_into_place(folder / target.name, target, replace=replace)


def move_into_place(source: Path, target: Path, *, replace: bool) -> None:
    """Give a finished result its name; if another program has taken the name meanwhile, a free one beside it."""
    if replace or not os.path.lexists(target):
        source.replace(target)
        return
    names = (target.with_name(f"{target.stem}-{i}{target.suffix}") for i in itertools.count(2))
    free = next(name for name in names if not os.path.lexists(name))
    source.rename(free)
    raise InputError(f"the output must be new, got {str(target)!r}, made by another program meanwhile; it is in {free}")


@contextmanager
def staging(where: Path, target: Path, *, alone: bool) -> Iterator[Path]:
    """Offer a folder that is locked while this process uses it, on the file system of the target."""
    if target.name in sweep(where) and alone:
        raise InputError(f"the output must be written by one program, got {str(target)!r}, which another is writing")
    folder, lock = _locked_folder(where, target)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if lock is not None:
            os.close(lock)


@contextmanager
def disk_errors(target: Path) -> Iterator[None]:
    """Say which file could not be written."""
    try:
        yield
    except OSError as error:
        if error.errno not in _DISK:
            raise
        shown = target.parent.parent / target.name if _STAGED.fullmatch(target.parent.name) else target
        raise InputError(f"the output must be writable, got {str(shown)!r}: {error.strerror}") from error


def sweep(where: Path) -> set[str]:
    """Remove what killed processes of this user left in a folder, and return the names that others are writing."""
    busy = set()
    with contextlib.suppress(OSError):
        for path in where.iterdir():
            staged = _STAGED.fullmatch(path.name)
            if fcntl is None or staged is None or path.is_symlink() or not path.is_dir():
                continue
            lock = _lock(path)
            if lock is None:
                busy.add(staged["target"])
                continue
            shutil.rmtree(path, ignore_errors=True)
            os.close(lock)
    return busy


def _locked_folder(where: Path, target: Path) -> tuple[Path, int | None]:
    while True:
        try:
            folder = Path(tempfile.mkdtemp(prefix=f".{target.name}{_MARK}", dir=where))
        except OSError as error:
            reason = error.strerror or error
            raise InputError(f"the output must be writable, got {str(target)!r}: {reason}") from error
        lock = _lock(folder)
        if folder.exists():  # else another process took it for a leftover before it was locked
            return folder, lock


def _lock(folder: Path) -> int | None:
    """Lock a folder of this user's, and return the descriptor that holds the lock; None if that is not possible."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return None
    try:
        if fcntl is not None and os.fstat(descriptor).st_uid == os.getuid():
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return descriptor
    except OSError:  # in use, or a file system without locks
        pass
    os.close(descriptor)
    return None
