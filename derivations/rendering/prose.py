"""Prose with mathematics between dollar signs, in LaTeX, turned into plain text with Unicode letters."""

import re
from typing import Final

LETTERS: Final = {
    "alpha": "α",
    "beta": "β",
    "gamma": "γ",
    "delta": "δ",
    "epsilon": "ε",
    "zeta": "ζ",
    "eta": "η",
    "theta": "θ",
    "iota": "ι",
    "kappa": "κ",
    "lambda": "λ",
    "mu": "μ",
    "nu": "ν",
    "xi": "ξ",
    "pi": "π",
    "rho": "ρ",
    "sigma": "σ",
    "tau": "τ",
    "phi": "φ",
    "chi": "χ",
    "psi": "ψ",
    "omega": "ω",
    "Gamma": "Γ",
    "Delta": "Δ",
    "Theta": "Θ",
    "Lambda": "Λ",
    "Xi": "Ξ",
    "Pi": "Π",
    "Sigma": "Σ",
    "Phi": "Φ",
    "Psi": "Ψ",
    "Omega": "Ω",
    "varepsilon": "ε",
    "ell": "ℓ",
}
"""LaTeX names of letters."""
_SIGNS: Final = {
    "top": "ᵀ",
    "circ": "∘",
    "sum": "Σ",
    "prod": "Π",
    "int": "∫",
    "partial": "∂",
    "infty": "∞",
    "le": "≤",
    "ge": "≥",
    "leq": "≤",
    "geq": "≥",
    "ne": "≠",
    "neq": "≠",
    "to": "→",
    "propto": "∝",
    "approx": "≈",
    "sim": "~",
    "times": "×",
    "cdot": "·",
    "cdots": "...",
    "dots": "...",
    "ldots": "...",
    "otimes": "⊗",
    "pm": "±",
    "in": "∈",
    "langle": "⟨",
    "rangle": "⟩",
    "quad": "  ",
}
_SILENT: Final = frozenset(
    ("left", "right", "bigl", "bigr", "Bigl", "Bigr", "big", "operatorname", "mathrm", "mathbf", "mathbb", "text")
)
_ACCENTS: Final = {"dot": "\u0307", "hat": "\u0302", "bar": "\u0304", "tilde": "\u0303"}
_SUPERSCRIPTS: Final = str.maketrans("0123456789+-n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ")
_SUBSCRIPTS: Final = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_TOKEN: Final = re.compile(r"\\[A-Za-z]+|\\.|[{}^_]|[^\\{}^_]", re.DOTALL)


def plain_prose(text: str) -> str:
    r"""Write prose without LaTeX.

    Examples
    --------
    >>> plain_prose(r"The layer $h = \gamma W z$ has $G = W^\top K W$ and $\kappa_0^{2}$.")
    'The layer h = γ W z has G = Wᵀ K W and κ₀².'
    """
    pieces = text.split("$")
    return "".join(plain_math(piece) if i % 2 else piece for i, piece in enumerate(pieces))


def plain_math(latex: str) -> str:
    r"""Write LaTeX mathematics in Unicode, on one line.

    Examples
    --------
    >>> plain_math(r"\frac{a + b}{\sqrt{2}}")
    '(a + b)/(√2)'
    """
    tokens = _TOKEN.findall(latex)
    text = _Reader(tokens).until_end()
    return re.sub(r"(?<=\S) {2,}", " ", text).replace("Δ ", "Δ").strip()


class _Reader:
    """Reads tokens from left to right."""

    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens
        self.place = 0

    def until_end(self) -> str:
        """Read to the closing brace or the end."""
        pieces = []
        while self.place < len(self.tokens) and self.tokens[self.place] != "}":
            pieces.append(self.one())
        return "".join(pieces)

    def one(self) -> str:
        """Read one token or group."""
        token = self.tokens[self.place]
        self.place += 1
        if token == "{":
            inside = self.until_end()
            self.place += 1
            return inside
        if token == "^":
            return _raised(self.argument())
        if token == "_":
            return _lowered(self.argument())
        return self._command(token[1:]) if token.startswith("\\") else token

    def argument(self) -> str:
        """Read the argument of a command; spaces before it do not count."""
        while self.place < len(self.tokens) and self.tokens[self.place].isspace():
            self.place += 1
        return self.one() if self.place < len(self.tokens) else ""

    def _command(self, name: str) -> str:
        if name in LETTERS:
            return LETTERS[name]
        if name in _SIGNS:
            return _SIGNS[name]
        if name in _SILENT:
            return ""
        if name in ("frac", "tfrac", "dfrac"):
            return f"{_bracketed(self.argument())}/{_bracketed(self.argument())}"
        if name == "sqrt":
            return f"√{_bracketed(self.argument())}"
        if name in _ACCENTS:
            return self.argument() + _ACCENTS[name]
        if not name[0].isalpha():
            return {",": " ", ";": " ", ":": " ", "!": "", " ": " "}.get(name, name)
        return name


def _bracketed(text: str) -> str:
    text = text.strip()
    return text if len(text) == 1 or re.fullmatch(r"∂?[\w ]*|tr\([^()]*\)", text) else f"({text})"


def _raised(text: str) -> str:
    raised = text.translate(_SUPERSCRIPTS)
    if text == "ᵀ" or all(before != after for before, after in zip(text, raised, strict=True)):
        return raised
    return f"^{_bracketed(text)}"


def _lowered(text: str) -> str:
    lowered = text.translate(_SUBSCRIPTS)
    if all(before != after for before, after in zip(text, lowered, strict=True)):
        return lowered
    return f"_{text}" if len(text) < 3 or text.isalpha() else f"_({text})"


def greek(text: str) -> str:
    """Write the names of Greek letters in a formula as letters, and a number after them as an index.

    Examples
    --------
    >>> greek("gamma² Zᵀ kappa0 Z")
    'γ² Zᵀ κ₀ Z'
    """
    names = "|".join(sorted(LETTERS, key=len, reverse=True))
    pattern = re.compile(rf"(?<![A-Za-z])({names})(\d*)(?![A-Za-z])")
    return pattern.sub(lambda match: LETTERS[match[1]] + match[2].translate(_SUBSCRIPTS), text)
