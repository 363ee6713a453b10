"""A derivation as plain data: everything that the renderings say, in strings that JSON can hold."""

import json
from typing import Any, TypedDict


class EquationText(TypedDict):
    """One equation: its sides in text and LaTeX, and lines and displays that fit a terminal and a page."""

    left: str
    right: str
    left_latex: str
    right_latex: str
    lines: list[str]
    displays: list[str]


class StepText(TypedDict):
    """One step."""

    text: str
    equations: list[EquationText]
    uses: list[str]


class Document(TypedDict):
    """A derivation in strings; prose has mathematics between dollar signs in LaTeX."""

    name: str
    title: str
    statement: str
    assumptions: list[str]
    limits: list[str]
    source: str
    steps: list[StepText]
    closed_form: dict[str, EquationText]
    expressions: dict[str, Any]
    obligations: dict[str, bool]


def render_json(document: Document) -> str:
    """Write a derivation as JSON.

    Parameters
    ----------
    document : Document
        From `describe`.

    Returns
    -------
    str
        Readable by `json.loads`; stable from run to run.
    """
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"
