"""Figures fit for a paper, drawn from records and tables; nothing is computed here that a record does not hold.

The functions named ``plot_`` draw on given axes, so that they can be put together at will; those that end in
``_figure`` return a `NamedFigure` with caption, text for those who cannot see it, and data, for `write_figure`.
"""

import lazy_loader

# The stub beside this file lists the public names, once, for type checkers and for imports at first use.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
