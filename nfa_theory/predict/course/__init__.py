"""C-NFA and UC-NFA in time: flows that close, Taylor polynomials, the lazy limit."""
