"""Time exact expectations with symbolic dimensions, each in a fresh process, beside a naive enumeration of pairings.

Run ``python benchmarks/expectation.py``. Every time is the public call ``expect(expression, over=[...])`` alone (the
expression is built before, imports are not counted), with nothing cached: the median over fresh processes, on the
clock and of the processor; the latter says more on a machine that does other work as well. The naive column is the
processor time of an enumeration of all pairings that follows the indices of each and collects equal monomials, as
packages do that keep no canonical states; beyond 10395 pairings it is extrapolated from a part of them and marked
``~``. The package ``WishartMoments`` (powers of one Wishart matrix only) is not in the table: it installs, but needs
SageMath to run.
"""

import argparse
import statistics
import subprocess
import sys
import time
from collections import Counter
from itertools import islice

from derivations.algebra import Matrix, Scalar, identity, tr
from derivations.algebra.words import canonical_trace
from derivations.expectation import GaussianMatrix, Wishart, delta_method, expect

N, K = Scalar("n"), Scalar("k")
NAIVE_SAMPLE = 10395


def wishart():
    """Return a Wishart matrix with symbolic degrees of freedom and covariance."""
    return Wishart("W", dof=N, covariance=Matrix("S", "d", symmetric=True))


def power(degree):
    """``E tr(W^k)``."""
    W = wishart()
    expression = tr(W**degree)
    return lambda: expect(expression, over=[W])


def word(symmetric, degree=6):
    """``E tr(W A1 ... W A6)`` with different letters."""
    W, product = wishart(), identity("d")
    for i in range(degree):
        product = product * W * Matrix(f"A{i}", "d", symmetric=symmetric)
    expression = tr(product)
    return lambda: expect(expression, over=[W])


def two_layers():
    """``E tr((G2 G1 G1' G2')^6)`` with symbolic widths."""
    G1, G2 = GaussianMatrix("G1", "k", "d"), GaussianMatrix("G2", "m", "k")
    expression = tr((G2 * G1 * G1.T * G2.T) ** 6)
    return lambda: expect(expression, over=[G1, G2])


def quadratic_network(M):
    """Numerator and denominators of the alignment of a quadratic network at finite width."""
    A, B = Matrix("A", "d", symmetric=True), Matrix("B", "d", symmetric=True)
    return tr(M * A**2 * M * B * M * A**2), tr(M * A**2 * M * A**2), tr(M * B * M * A**2 * M * B * M * A**2)


def eighth_degree(white):
    """``E (tr M B M A^2 M B M A^2)^2``."""
    M = Wishart("M", dof=K, covariance=identity("d") if white else Matrix("S", "d", symmetric=True))
    square = quadratic_network(M)[2] ** 2
    return lambda: expect(square, over=[M])


def ratio():
    """Mean and variance of the alignment to first order: all moments up to degree 8."""
    M = Wishart("M", dof=K, covariance=identity("d"))
    polynomials = quadratic_network(M)
    return lambda: delta_method(*polynomials, over=[M], dimensions=[K])


# name: (set-up, target in ms, letters between the Wishart factors and whether they are symmetric)
CASES = {
    "tr W^8": (lambda: power(8), 20, ([0] * 8, True)),
    "tr W^10": (lambda: power(10), 50, ([0] * 10, True)),
    "tr W^12": (lambda: power(12), 150, ([0] * 12, True)),
    "6 symmetric letters": (lambda: word(True), 100, ([0, 2, 4, 6, 8, 10], True)),
    "6 general letters": (lambda: word(False), 300, ([0, 2, 4, 6, 8, 10], False)),
    "7 general letters": (lambda: word(False, 7), None, ([0, 2, 4, 6, 8, 10, 12], False)),
    "two layers, 6th power": (two_layers, 200, None),
    "degree 8, white": (lambda: eighth_degree(True), 5000, None),
    "degree 8, covariance": (lambda: eighth_degree(False), 5000, None),
    "ratio, order 1": (ratio, 5000, None),
}


def naive(letters, symmetric):
    """Time ``E tr(W a W b ...)`` by enumeration: seconds, and whether they are extrapolated."""
    m = len(letters)
    count = 1
    for odd in range(1, 2 * m, 2):
        count *= odd
    involution = [letter if symmetric else letter ^ 1 for letter in range(2 * m)]
    collected = Counter()
    start = time.process_time()
    for pairing in islice(pairings(tuple(range(2 * m))), min(count, NAIVE_SAMPLE)):
        collected[follow(dict(pairing), letters, involution)] += 1
    elapsed = time.process_time() - start
    return elapsed * max(1, count / NAIVE_SAMPLE), count > NAIVE_SAMPLE


def pairings(items):
    """All ways to pair, each as pairs in both directions."""
    if not items:
        yield ()
        return
    first, rest = items[0], items[1:]
    for i, partner in enumerate(rest):
        for others in pairings(rest[:i] + rest[i + 1 :]):
            yield ((first, partner), (partner, first), *others)


def follow(partner, letters, involution):
    """Read off the traces and the free sums of one pairing; end 2i is left of factor i and end 2i + 1 right of it."""
    m, words, left = len(letters), [], set(partner)
    while left:
        end, chain = min(left), []
        while end in left:
            step = end // 2
            if end % 2:  # leave to the right: letter i, then the left end of the next factor
                other, letter = 2 * ((step + 1) % m), letters[step]
            else:
                other, letter = 2 * ((step - 1) % m) + 1, involution[letters[step - 1]]
            left -= {end, other}
            chain.append(letter)
            end = partner[other]
        words.append(canonical_trace(tuple(chain), involution))
    loops, left = 0, set(partner)
    while left:
        loops += 1
        end = min(left)
        while end in left:
            left -= {end, end ^ 1}
            end = partner[end ^ 1]
    return loops, tuple(sorted(words))


def measure(name):
    """Time one cold call: milliseconds on the clock and of the processor, and the number of terms."""
    call = CASES[name][0]()
    start, processor = time.perf_counter(), time.process_time()
    result = call()
    elapsed, used = time.perf_counter() - start, time.process_time() - processor
    return 1e3 * elapsed, 1e3 * used, len(result.terms) if hasattr(result, "terms") else "-"


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeat", type=int, default=5, help="fresh processes for each case")
    parser.add_argument("--one", choices=list(CASES), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(*measure(options.one))
        return
    print(f"{'case':24}{'terms':>8}{'ms':>10}{'CPU ms':>10}{'target ms':>11}{'naive CPU ms':>16}")
    for name, (_, target, letters) in CASES.items():
        command = [sys.executable, __file__, "--one", name]
        runs = [subprocess.run(command, capture_output=True, text=True, check=True) for _ in range(options.repeat)]
        outputs = [run.stdout.split() for run in runs]
        clock, processor = (statistics.median(float(output[i]) for output in outputs) for i in range(2))
        terms = outputs[0][2]
        slow = ""
        if letters:
            seconds, extrapolated = naive(*letters)
            slow = f"{'~' if extrapolated else ''}{1e3 * seconds:.3g}"
        print(f"{name:24}{terms:>8}{clock:>10.1f}{processor:>10.1f}{target or '':>11}{slow:>16}", flush=True)


if __name__ == "__main__":
    main()
