"""Expectations by enumerating all pairings, one index at a time: the second, independent route.

Each Gaussian factor has a row index and a column index; a pairing puts ``U`` between two row indices and ``V`` between
two column indices; what is left are closed chains of matrices, which are traces. Built with public algebra only.
"""

from derivations.algebra import tr


def pairings(items):
    """All ways to pair the items of a list."""
    if not items:
        yield []
        return
    first, rest = items[0], items[1:]
    for i, partner in enumerate(rest):
        for others in pairings(rest[:i] + rest[i + 1 :]):
            yield [(first, partner), *others]


def wick(traces, U, V):
    """E of a product of traces; a trace lists ``(transposed, matrix)``: a Gaussian factor and what follows it."""
    nodes, edges = [], {}
    for trace in traces:
        first = len(nodes)
        for i, (transposed, matrix) in enumerate(trace):
            start = (len(nodes), "col" if not transposed else "row")
            following = first + (i + 1) % len(trace)
            end = (following, "row" if not trace[(i + 1) % len(trace)][0] else "col")
            edges[start] = (end, matrix)
            edges[end] = (start, matrix.T)
            nodes.append(transposed)
    total = 0
    for pairing in pairings(list(range(len(nodes)))):
        total = _term(pairing, edges, U, V) + total
    return total


def _term(pairing, edges, U, V):
    links = {}
    for a, b in pairing:
        for side, matrix in (("row", U), ("col", V)):
            links[a, side] = ((b, side), matrix)
            links[b, side] = ((a, side), matrix)
    term, left = 1, set(edges)
    while left:
        start = here = min(left)
        chain = None
        while chain is None or here != start:
            there, matrix = edges[here]
            after, covariance = links[there]
            left -= {here, there}
            piece = matrix * covariance
            chain = piece if chain is None else chain * piece
            here = after
        term = tr(chain) * term
    return term
