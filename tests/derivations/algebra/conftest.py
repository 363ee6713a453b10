"""A small zoo of symbols with exact values, and random products that are built and computed side by side."""

from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import strategies as st

from derivations.algebra import Matrix, Scalar, diagonal, identity, ones


def exact(rows):
    return np.array([[Fraction(entry) for entry in row] for row in rows], dtype=object)


@dataclass
class Zoo:
    """Symbols of all kinds over dimensions m = 2 and n = 3, their values, and how to draw products of them."""

    values: dict = field(default_factory=dict)
    letters: list = field(default_factory=list)

    def add(self, symbol, rows):
        value = exact(rows)
        self.values[symbol] = value.tolist()
        self.letters += [(symbol, value), (symbol.T, value.T)]
        return symbol

    def pairs(self, rows=None, cols=None):
        """Products with their exact values, along random walks through the dimensions."""

        def fitting(rows, cols=None):
            return [(a, b) for a, b in self.letters if rows in (None, a.rows) and cols in (None, a.cols)]

        def walk(seeds):
            first = fitting(rows)
            product, value = first[seeds[0] % len(first)]
            for seed in seeds[1:]:
                letters = fitting(product.cols)
                letter, entries = letters[seed % len(letters)]
                product, value = product * letter, value.dot(entries)
            if cols not in (None, product.cols):
                letter, entries = fitting(product.cols, cols)[0]
                product, value = product * letter, value.dot(entries)
            return product, value

        return st.lists(st.integers(0, 10**6), min_size=1, max_size=7).map(walk)

    def squares(self):
        """Square products with their exact values."""

        def close(pair):
            product, value = pair
            return (product, value) if product.rows == product.cols else (product * product.T, value.dot(value.T))

        return self.pairs().map(close)


def zoo():
    built = Zoo()
    built.add(Matrix("A", "m", "n"), [[1, -2, 3], [Fraction(1, 2), 5, -1]])
    built.add(Matrix("B", "n", "n"), [[0, 1, 2], [3, -1, Fraction(2, 3)], [1, 1, -4]])
    built.add(Matrix("S", "n", "n", symmetric=True), [[1, 2, 0], [2, -1, 3], [0, 3, 5]])
    built.add(Matrix("D", "n", diagonal=True), [[2, 0, 0], [0, -3, 0], [0, 0, 5]])
    built.add(Matrix("E", "n", diagonal=True), [[7, 0, 0], [0, 1, 0], [0, 0, -2]])
    u = built.add(Matrix("u", "n", 1), [[1], [4], [-2]])
    built.add(Matrix("v", "m", 1), [[3], [-1]])
    P = built.add(Matrix("P", "m", positive_definite=True), [[2, 1], [1, 3]])
    inverse = exact([[Fraction(3, 5), Fraction(-1, 5)], [Fraction(-1, 5), Fraction(2, 5)]])
    one, row = exact([[1]] * 3), exact([[1, 4, -2]])
    built.letters += [
        (P.inverse, inverse),
        (ones("n"), one),
        (ones("n").T, one.T),
        (diagonal(u), np.diag(row[0])),
        (identity("n"), np.eye(3, dtype=int).astype(object)),
    ]
    built.values |= {Scalar("m"): 2, Scalar("n"): 3}
    return built


@pytest.fixture(scope="session", name="zoo")
def _zoo():
    return zoo()
