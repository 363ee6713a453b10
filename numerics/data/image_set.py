"""What is known of a named set of images before its files are opened."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PublishedFile:
    """One file of a set.

    Parameters
    ----------
    name : str
        File name.
    urls : tuple of str
        Where to download it, in the order to try.
    download_hash : str
        ``"md5:..."`` of the published file.
    content_hash : str
        Hash that a copy found on this machine must have: of the decompressed contents for single IDX files,
        of the file itself otherwise.
    """

    name: str
    urls: tuple[str, ...]
    download_hash: str
    content_hash: str


@dataclass(frozen=True)
class ImageSet:
    """What is known of a named set before its files are opened.

    Parameters
    ----------
    name : str
        Name for ``load_dataset``.
    format : str
        ``"shipped"``, ``"idx"``, ``"cifar10"``, ``"cifar100"``, ``"svhn"``, ``"stl10"``, ``"gtsrb"`` or ``"emnist"``.
    files : tuple of PublishedFile
        In the order that the format's reader wants them.
    image_shape : (height, width, channels)
        Shape of one image.
    class_names : tuple of str
        One name for each class.
    license, source : str
        Terms of use, and what to cite.
    system_folders : tuple of str
        Where a distribution's package puts the files.
    """

    name: str
    format: str
    files: tuple[PublishedFile, ...]
    image_shape: tuple[int, int, int]
    class_names: tuple[str, ...]
    license: str
    source: str
    system_folders: tuple[str, ...] = ()
