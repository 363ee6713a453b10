"""Counterexamples that were found once, by property: every run of the tests, of any profile, tries them first."""

from properties.configuration import Configuration

KEPT: dict[str, tuple[Configuration, ...]] = {}
