"""The command line: `nfa`."""

from nfa_theory.cli.entry import main

__all__ = ["main"]
