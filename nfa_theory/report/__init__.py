"""The report: one HTML file that needs nothing else, made from results and figures that already exist."""

from nfa_theory.report.claims import claim_section
from nfa_theory.report.page import report

__all__ = ["claim_section", "report"]
