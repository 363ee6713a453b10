"""What this installation is: versions, linear algebra and its threads, GPU, data sets found, free space."""

from __future__ import annotations

import platform
import shutil
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from nfa_theory.workers import usable_cores
from numerics.backend.version import package_version
from numerics.data.catalog import IMAGE_SETS
from numerics.data.image_set import ImageSet
from numerics.data.locate import cache_folder, search_folders

REQUIRED = ("numpy", "scipy", "sympy", "xarray", "matplotlib", "array-api-compat", "typer", "rich")
OPTIONAL = {"cupy-cuda12x": "gpu", "torch": "torch", "sphinx": "docs"}
"""Packages that are not needed, by the extra that installs them."""

THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def examine() -> dict[str, Any]:
    """Describe this installation and the machine under it; nothing is downloaded and nothing is written.

    Examples
    --------
    >>> examine()["data"]["fashion_mnist_subset"]
    'shipped with the package'
    """
    found: dict[str, Any] = {
        "versions": {"nfa-theory": package_version(), "python": platform.python_version()}
        | {name: _version(name) for name in REQUIRED},
        "optional": {name: _version(name) for name in OPTIONAL},
        "processor": {"machine": platform.machine(), "system": platform.system(), "cores": usable_cores()},
        "blas": blas_libraries(),
        "gpu": gpu(),
        "data": {name: where_found(image_set) for name, image_set in IMAGE_SETS.items()},
        "space": free_space(),
    }
    return found | {"advice": advise(found)}


def blas_libraries() -> list[dict[str, Any]]:
    """List the linear algebra libraries that NumPy and SciPy have loaded, with the threads that each will use."""
    import scipy.linalg  # noqa: F401 - loads SciPy's own copy beside NumPy's
    from threadpoolctl import threadpool_info

    return [
        {
            "package": Path(each["filepath"]).parent.name.removesuffix(".libs"),
            "library": each["internal_api"],
            "version": each.get("version"),
            "kernel": each.get("architecture"),
            "threads": each["num_threads"],
        }
        for each in threadpool_info()
        if each["user_api"] == "blas"
    ]


def gpu() -> dict[str, Any]:
    """Say whether CuPy finds an NVIDIA GPU, and if not, what is missing."""
    try:
        import cupy

        properties = cupy.cuda.runtime.getDeviceProperties(0)
        return {"available": True, "name": properties["name"].decode(), "memory": int(properties["totalGlobalMem"])}
    except ImportError:
        return {"available": False, "reason": "CuPy is not installed (extra 'gpu')"}
    except Exception as error:  # no driver, no card, a driver too old: each fails in its own way
        return {"available": False, "reason": " ".join(f"{type(error).__name__}: {error}".split())}


def where_found(image_set: ImageSet) -> str | None:
    """Find the files of a named data set without downloading them."""
    if not image_set.files:
        return "shipped with the package"
    folders = search_folders(image_set)
    places = [next((f for f in folders if (f / file.name).is_file()), None) for file in image_set.files]
    return None if None in places else str(places[0])


def free_space() -> dict[str, dict[str, Any]]:
    """Measure the free bytes where results and downloads go."""
    places = {"results": Path.cwd(), "cache": cache_folder(None)}
    return {name: {"folder": str(place), "free": _free(place)} for name, place in places.items()}


def advise(found: dict[str, Any]) -> list[str]:
    """Say what would make this installation work better."""
    advice = []
    cores, threads = found["processor"]["cores"], max((b["threads"] for b in found["blas"]), default=1)
    if threads > cores:
        names = " and ".join(THREAD_VARIABLES[:2])
        advice.append(f"linear algebra uses {threads} threads on {cores} cores: set {names} to {cores}")
    missing = [name for name, place in found["data"].items() if place is None]
    if missing:
        advice.append(
            f"{', '.join(missing)}: downloaded when first used; without a network put the files under $NFA_DATA/NAME"
        )
    advice += [
        f"only {each['free'] / 1e6:.0f} MB are free for {name} in {each['folder']}"
        for name, each in found["space"].items()
        if each["free"] < 1e9
    ]
    return advice


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _free(place: Path) -> int:
    """Free bytes of the file system that holds a folder, which need not exist yet."""
    while not place.exists():
        place = place.parent
    return shutil.disk_usage(place).free
