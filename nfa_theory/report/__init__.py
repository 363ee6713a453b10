"""The report: one HTML file that needs nothing else, made from results and figures that already exist."""

from typing import TYPE_CHECKING

from numerics.backend.lazy import lazy_names

if TYPE_CHECKING:
    from nfa_theory.report.claims import claim_section
    from nfa_theory.report.page import report

__all__ = ["claim_section", "report"]

# The markup of this package is used far from reports, where their pages need not be imported.
__getattr__, __dir__ = lazy_names(
    __name__, {"nfa_theory.report.claims": ("claim_section",), "nfa_theory.report.page": ("report",)}
)
