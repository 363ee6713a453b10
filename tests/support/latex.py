"""Whether LaTeX is well formed, without a LaTeX."""

import re

ENVIRONMENT = re.compile(r"\\(begin|end)\{(\w+\*?)\}")


def badly_nested(latex):
    """Say what is wrong with braces, environments, delimiters and mathematics mode, if anything."""
    unescaped = re.sub(r"\\[{}$\\]", "", latex.replace(r"\\", ""))
    if unescaped.count("{") != unescaped.count("}"):
        return "braces"
    depth = 0
    for letter in unescaped:
        depth += (letter == "{") - (letter == "}")
        if depth < 0:
            return "braces"
    if unescaped.count("$") % 2:
        return "dollar signs"
    if len(re.findall(r"\\left\b", latex)) != len(re.findall(r"\\right\b", latex)):
        return "delimiters"
    stack = []
    for kind, name in ENVIRONMENT.findall(latex):
        if kind == "begin":
            stack.append(name)
        elif not stack or stack.pop() != name:
            return f"environment {name}"
    return f"environment {stack[-1]}" if stack else ""
