"""HTML from templates: every text is escaped unless it already is markup."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from nfa_theory.mathml import mathml, prose


@cache
def templates() -> Environment:
    """Set up the templates of this package; what a template asks for and does not get is an error."""
    environment = Environment(
        loader=PackageLoader("nfa_theory", "html"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"math": mathml, "prose": prose}
    return environment
