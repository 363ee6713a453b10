"""Errors of the theory side: each message says in one line what was expected and what came."""


class DerivationError(ValueError):
    """A request to the symbolic engine that cannot be met; the parent of the errors below."""


class ShapeError(DerivationError):
    """Two factors or terms whose shapes do not fit; the message names both."""


class SymbolError(DerivationError):
    """A symbol that is unknown, of the wrong kind, or whose name stands for two different things."""


class MissingValueError(DerivationError):
    """An evaluation lacks the value of a symbol, or got one of the wrong shape or symmetry."""


class FormatError(DerivationError):
    """A text that is not the JSON form of an expression."""


class TermLimitError(DerivationError):
    """A request that would need more terms than the stated limit; the message says how many."""
