"""The report: one HTML file that needs nothing else, made from results and figures that already exist."""

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from nfa_theory.report.claims import claim_section as claim_section
    from nfa_theory.report.page import report as report

# The markup of this package is used far from reports, where their pages need not be imported.
__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__, submod_attrs={"claims": ["claim_section"], "page": ["report"]}
)
