"""How long series of linear networks take, and how exact evaluation and compiled evaluation compare.

Run with ``python benchmarks/algebra.py``; prints a table. Every series is the one of tr(F_c G_c), to the given order
beyond the leading one, with the residual as a symbol that moves along with the weights.
"""

import time

import numpy as np

from derivations.algebra import Matrix, TracePolynomial, flow, identity, series, time_derivative, tr, zeros


def overlap_series(depth: int, layer: int, order: int) -> tuple[TracePolynomial, ...]:
    """Expand tr(F_c G_c) of one layer of a deep linear network."""
    weights = [Matrix(f"W{i}", f"k{i}", f"k{i - 1}") for i in range(1, depth + 1)]
    product = identity("k0")
    for weight in weights:
        product = weight * product
    S, T, C = Matrix("S", "k0", symmetric=True), Matrix("T", *product.shape), Matrix("C", *product.shape)
    loss = tr(product * S * product.T) / 2 - tr(product * T.T)
    residual = {T: C + product * S}
    rhs = {weight: velocity.subs(residual) for weight, velocity in zip(weights, flow(loss, weights), strict=True)}
    rhs[C] = time_derivative(T - product * S, rhs)
    dW, above = Matrix("dW", *weights[layer - 1].shape), identity(f"k{layer}")
    rhs[dW] = rhs[weights[layer - 1]]
    for weight in weights[layer:]:
        above = weight * above
    F, G = dW.T * dW, dW.T * above.T * above * dW
    return series(tr(F * G), rhs, order + 4, initial={dW: zeros(*dW.shape)})


def main() -> None:
    """Print the table."""
    print(f"{'network':>28} {'order':>5} {'terms':>8} {'seconds':>8}")
    for depth, layer, order in ((2, 1, 4), (2, 1, 5), (2, 1, 6), (4, 1, 3), (4, 1, 4), (4, 4, 4)):
        start = time.perf_counter()
        terms = len(overlap_series(depth, layer, order)[-1].terms)
        seconds = time.perf_counter() - start
        print(f"{f'{depth} layers, layer {layer}':>28} {order:>5} {terms:>8} {seconds:>8.2f}")
    coefficient = overlap_series(2, 1, 4)[-1]
    rng = np.random.default_rng(0)
    shapes = {"W1": (30, 40), "W2": (5, 30), "C": (5, 40), "S": (40, 40)}
    values = {name: rng.normal(size=shape) / 10 for name, shape in shapes.items()}
    values["S"] = values["S"] + values["S"].T
    compiled = coefficient.compile()
    for label in ("planned and evaluated", "evaluated again"):
        start = time.perf_counter()
        compiled(values)
        print(f"{label:>28} {'':>5} {len(coefficient.terms):>8} {time.perf_counter() - start:>8.2f}")


if __name__ == "__main__":
    main()
