"""Where the files of a named set are looked for, and the download if they are nowhere."""

from __future__ import annotations

import os
from pathlib import Path

from numerics.data.download import download
from numerics.data.image_set import ImageSet, PublishedFile
from numerics.errors import InputError

VARIABLE = "NFA_DATA"
"""Environment variable that names the user's folder of data sets."""


def cache_folder(cache: str | os.PathLike[str] | None) -> Path:
    """Folder for downloads."""
    if cache is not None:
        return Path(cache).expanduser()
    import pooch  # here, because only sets outside the package need it

    return Path(pooch.os_cache("nfa-theory"))


def search_folders(image_set: ImageSet, cache: str | os.PathLike[str] | None = None) -> list[Path]:
    """List the folders where a set's files may lie, in the order of search.

    The folder named after the set comes before the folder above it: MNIST and Fashion-MNIST give their
    files the same names.
    """
    roots = [cache_folder(cache)]
    if os.environ.get(VARIABLE):
        roots.insert(0, Path(os.environ[VARIABLE]).expanduser())
    folders = [folder for root in roots for folder in (root / image_set.name, root)]
    return folders + [Path(folder) for folder in image_set.system_folders]


def obtain(image_set: ImageSet, file: PublishedFile, cache: str | os.PathLike[str] | None = None) -> Path:
    """Find a file of a set, or download it once into the cache and check it."""
    folders = search_folders(image_set, cache)
    for folder in folders:
        if (folder / file.name).is_file():
            return folder / file.name
    target = cache_folder(cache) / image_set.name
    problems = []
    for url in file.urls:
        try:
            return download(url, file, target)
        except (OSError, ValueError) as error:  # requests' errors are OSErrors; a wrong checksum is a ValueError
            reason = "wrong checksum" if isinstance(error, ValueError) else type(error).__name__
            problems.append(f"{url} ({reason})")
    raise InputError(
        f"{image_set.name} needs the file {file.name}: put it in {folders[0]}, because it is in none of "
        f"{', '.join(map(str, folders))} and downloading failed from {', '.join(problems)}"
    )
