"""A chapter of the theory: a folder of derivations whose ``__init__`` says what it is about and how it is read."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Chapter:
    """What a folder of derivations tells of itself, as ``CHAPTER`` in its ``__init__``.

    Parameters
    ----------
    slug : str
        The name of the folder, and the first part of the names of its claims.
    title : str
        A few words.
    summary : str
        One sentence.
    reading_order : tuple of str
        Its modules in the order in which they are read; modules that are not named here come last.
    """

    slug: str
    title: str
    summary: str
    reading_order: tuple[str, ...]
