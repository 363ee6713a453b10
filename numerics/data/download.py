"""Download one file of a set, checked and all or nothing, with a progress bar on a terminal."""

from __future__ import annotations

import logging
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from numerics.data.image_set import PublishedFile

CHUNK = 1 << 16


class DownloadBar:
    """A progress bar of rich in the shape that pooch expects; it shows nothing until bytes arrive.

    Parameters
    ----------
    label : str
        What is downloaded.
    """

    def __init__(self, label: str) -> None:
        console = Console(stderr=True)
        self.progress = Progress(console=console, transient=True, disable=not console.is_terminal)
        self.task = self.progress.add_task(f"downloading {label}", total=None)

    @property
    def total(self) -> float | None:
        """Size of the file in bytes; setting it starts the bar."""
        return self.progress.tasks[0].total

    @total.setter
    def total(self, size: float | None) -> None:
        self.progress.update(self.task, total=size or None)
        self.progress.start()

    def update(self, size: int) -> None:
        """Advance by so many bytes."""
        self.progress.update(self.task, advance=size)

    def reset(self) -> None:
        """Go back to the start, as pooch does before it fills the bar."""
        self.progress.update(self.task, completed=0)

    def close(self) -> None:
        """Take the bar off the screen."""
        self.progress.stop()


def download(url: str, file: PublishedFile, folder: Path) -> Path:
    """Download a file into a folder."""
    import pooch  # here, because only sets that are not on this machine need it

    bar = DownloadBar(file.name)
    fetch = pooch.HTTPDownloader(
        progressbar=bar,
        chunk_size=CHUNK,
        headers={"Accept-Encoding": "identity"},  # or requests would unpack .gz files on the way
    )
    logger = pooch.get_logger()
    level = logger.level
    logger.setLevel(logging.ERROR)  # pooch announces each attempt; an error here is one line, made by the caller
    try:
        path = pooch.retrieve(url, file.download_hash, fname=file.name, path=folder, downloader=fetch)
    finally:
        logger.setLevel(level)
        bar.close()
    return Path(path)
