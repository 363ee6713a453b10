"""The version of the installed package."""

from importlib.metadata import PackageNotFoundError, version


def package_version() -> str:
    """Return the version of the installed package, ``"unknown"`` where it runs without having been installed."""
    try:
        return version("nfa-theory")
    except PackageNotFoundError:
        return "unknown"
