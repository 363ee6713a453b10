"""Errors that are the caller's to mend: each message says what was expected and what came."""


class InputError(ValueError):
    """An argument does not meet its requirement; the command line prints the message and exits with 2."""


class DivergenceError(InputError):
    """Training left the finite numbers; the message names the step, the loss and the learning rate."""
