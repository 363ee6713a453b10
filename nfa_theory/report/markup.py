"""HTML as values: every text is escaped unless it already is markup."""

from __future__ import annotations

from html import escape

_VOID = {"img", "meta", "source", "br"}


class Markup(str):
    """Text that is already HTML or MathML."""

    __slots__ = ()


def tag(element: str, /, *children: str, **attributes: str | None) -> Markup:
    """Build an element.

    Examples
    --------
    >>> tag("p", "a < b", tag("b", "!"), class_="x", aria_label='"')
    '<p class="x" aria-label="&quot;">a &lt; b<b>!</b></p>'
    """
    pairs = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    if element in _VOID:
        return Markup(f"<{element}{pairs}>")
    return Markup(f"<{element}{pairs}>{join(*children)}</{element}>")


def join(*children: str) -> Markup:
    """Put pieces one after another, escaping those that are plain text."""
    return Markup("".join(c if isinstance(c, Markup) else escape(c, quote=False) for c in children))


def table(caption: str, header: list[str], rows: list[list[str]], label: str | None = None) -> Markup:
    """Build a table whose first column names the rows, in a box that scrolls by itself on a narrow screen."""
    head = tag("tr", *(tag("th", name, scope="col") for name in header))
    body = [tag("tr", tag("th", row[0], scope="row"), *(tag("td", cell) for cell in row[1:])) for row in rows]
    content = tag("table", tag("thead", head), tag("tbody", *body), aria_label=label or caption)
    scroll = tag("div", content, class_="scroll", tabindex="0", role="region", aria_label=label or caption)
    return join(tag("p", caption, class_="caption"), scroll)  # outside the box: it must wrap with the screen
