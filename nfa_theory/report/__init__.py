"""The report: pages that need nothing else, made from results and figures that already exist."""

from nfa_theory.report.write import write_report

__all__ = ["write_report"]
