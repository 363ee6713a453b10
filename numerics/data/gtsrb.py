"""GTSRB, traffic signs: zip archives of PPM images of many sizes, and labels in CSV files.

Every image is brought to 32 x 32 pixels, each the mean of the area that it covers.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from numerics.data.images import LabeledImages, labeled_images
from numerics.data.zip_members import open_zip
from numerics.errors import InputError

SIDE, CLASSES = 32, 43
TRAINING = re.compile(r"GTSRB/Training/(\d{5})/\d+_\d+\.ppm")
TEST_FOLDER, TEST_LABELS = "GTSRB/Final_Test/Images", "GT-final_test.csv"
HEADER = re.compile(rb"P6\s(?:#[^\n]*\n|\s)*(\d+)\s+(\d+)\s+255\s")


def read_gtsrb_training(path: Path, *, content_hash: str | None = None) -> LabeledImages:
    """Read ``GTSRB-Training_fixed.zip``: a folder for each class."""
    with open_zip(path, content_hash) as archive:
        names = sorted(name for name in archive.namelist() if TRAINING.fullmatch(name))
        images = [_image(archive, name, path) for name in names]
    labels = [int(name.split("/")[2]) for name in names]
    return _together(images, labels, path)


def read_gtsrb_test(
    images: Path, labels: Path, *, images_hash: str | None = None, labels_hash: str | None = None
) -> LabeledImages:
    """Read ``GTSRB_Final_Test_Images.zip`` with the classes in ``GTSRB_Final_Test_GT.zip``."""
    with open_zip(labels, labels_hash) as archive:
        text = archive.read(TEST_LABELS).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text), delimiter=";"))
    if rows and not {"Filename", "ClassId"} <= set(rows[0]):
        raise InputError(f"{labels / TEST_LABELS}: expected columns Filename and ClassId, got {', '.join(rows[0])}")
    with open_zip(images, images_hash) as archive:
        pixels = [_image(archive, f"{TEST_FOLDER}/{row['Filename']}", images) for row in rows]
    wrong = next((row["ClassId"] for row in rows if not str(row["ClassId"]).isdigit()), None)
    if wrong is not None:
        raise InputError(f"{labels / TEST_LABELS}: expected whole numbers for ClassId, got {wrong!r}")
    return _together(pixels, [int(row["ClassId"]) for row in rows], images)


def read_ppm(content: bytes, path: Path) -> NDArray[Any]:
    """Read a binary PPM image with values up to 255, shape (height, width, 3)."""
    header = HEADER.match(content)
    if header is None:
        raise InputError(f"{path}: expected a binary PPM image (P6, values up to 255), got {content[:8]!r}")
    width, height = int(header[1]), int(header[2])
    pixels = content[header.end() :]
    if width < 1 or height < 1 or len(pixels) != width * height * 3:
        raise InputError(f"{path}: expected {width} x {height} pixels of 3 bytes, got {len(pixels)} bytes")
    return np.frombuffer(pixels, dtype=np.uint8).reshape(height, width, 3)


def resized(image: NDArray[Any], side: int) -> NDArray[Any]:
    """Return an image of side x side pixels, each the mean of the area that it covers, shape (side, side, channels)."""
    rows, columns = (_areas(size, side) for size in image.shape[:2])
    means: NDArray[Any] = np.einsum("ih,hwc,jw->ijc", rows, image, columns, optimize=True)
    rounded: NDArray[Any] = np.rint(means).astype(np.uint8)
    return rounded


def _areas(size: int, side: int) -> NDArray[Any]:
    """Return which share of each new pixel each old one covers, shape (side, size); rows sum to 1."""
    edges, old = np.arange(side + 1) * (size / side), np.arange(size + 1.0)
    overlap = np.minimum(edges[1:, None], old[1:]) - np.maximum(edges[:-1, None], old[:-1])
    shares: NDArray[Any] = np.maximum(overlap, 0.0) * (side / size)
    return shares


def _image(archive: zipfile.ZipFile, name: str, path: Path) -> NDArray[Any]:
    return resized(read_ppm(archive.read(name), path / name), SIDE)


def _together(images: list[NDArray[Any]], labels: list[int], path: Path) -> LabeledImages:
    stacked = np.stack(images) if images else np.empty((0, SIDE, SIDE, 3), dtype=np.uint8)
    return labeled_images(stacked, np.asarray(labels, dtype=np.int64), CLASSES, path)
