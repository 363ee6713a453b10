"""A teacher that is a polynomial, and its means over Gaussian inputs by Isserlis' theorem."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from numbers import Real
from typing import Any

import numpy as np

from numerics import InputError

Monomials = Mapping[tuple[int, ...], float]
"""From the numbers of the inputs that are multiplied, from 0 and with repetition, to a coefficient."""


class PolynomialTeacher:
    """Labels that are polynomials of the inputs.

    ``y_i(x) = linear_i . x + x^T quadratic_i x + sum of monomials``.

    Parameters
    ----------
    linear : array_like (c, d) or (d,), optional
        Coefficients of the inputs.
    quadratic : array_like (c, d, d) or (d, d), optional
        Quadratic forms; only their symmetric parts count.
    monomials : mapping or sequence of mapping, optional
        For each output, coefficients by the inputs that are multiplied: ``{(0, 0, 1): 2.0, (): 1.0}`` is
        ``2 x_0^2 x_1 + 1``.

    Raises
    ------
    InputError
        Nothing is given, shapes or numbers of outputs do not fit, or a number is not finite.

    Examples
    --------
    >>> chain = PolynomialTeacher(monomials={(0, 1, 2): 1.0})
    >>> chain.mean_gradient(np.eye(3)).tolist()  # E[x_1 x_2], ... vanish for independent inputs
    [[0.0, 0.0, 0.0]]
    >>> chain.mean_gradient(np.eye(3) + 0.5 * np.ones((3, 3))).tolist()
    [[0.5, 0.5, 0.5]]
    """

    def __init__(self, linear: Any = None, quadratic: Any = None, monomials: Any = None) -> None:
        self.linear = None if linear is None else _read("linear", linear, 2)
        self.quadratic = None if quadratic is None else _symmetric_part(_read("quadratic", quadratic, 3))
        self.monomials = () if monomials is None else _read_monomials(monomials)
        counts = {len(each) for each in (self.linear, self.quadratic) if each is not None}
        counts |= {len(self.monomials)} - {0}
        if len(counts) != 1:
            raise InputError(
                "a teacher must have linear, quadratic or monomials, all for the same number of outputs, got "
                + (" and ".join(map(str, sorted(counts))) or "none of them")
            )
        (self.outputs,) = counts

    def check_inputs(self, d: int) -> None:
        """Raise `InputError` unless the polynomial is one of d inputs."""
        for name, array in (("linear", self.linear), ("quadratic", self.quadratic)):
            if array is not None and array.shape[1:] != (d,) * (array.ndim - 1):
                raise InputError(f"{name} must fit {d} inputs, got shape {array.shape}")
        for number in (number for output in self.monomials for inputs in output for number in inputs):
            if not 0 <= number < d:
                raise InputError(f"monomials must name inputs 0..{d - 1}, got {number}")

    def mean(self, covariance: Any) -> Any:
        """Average the labels over ``x ~ N(0, covariance)``: shape (c,)."""
        result = np.zeros(self.outputs)
        if self.quadratic is not None:
            result += np.einsum("iab,ab->i", self.quadratic, covariance)
        moment = _gaussian_moments(covariance)
        for i, output in enumerate(self.monomials):
            result[i] += sum(value * moment(inputs) for inputs, value in output.items())
        return result

    def mean_gradient(self, covariance: Any) -> Any:
        """Average the gradients of the labels: shape (c, d)."""
        result = np.zeros((self.outputs, len(covariance)))
        if self.linear is not None:
            result += self.linear
        moment = _gaussian_moments(covariance)
        for i, output in enumerate(self.monomials):
            for inputs, value in output.items():
                for at, k in enumerate(inputs):
                    result[i, k] += value * moment(_without(inputs, at))
        return result

    def mean_hessian(self, covariance: Any) -> Any:
        """Average the second derivatives of the labels: shape (c, d, d)."""
        result = np.zeros((self.outputs, *covariance.shape))
        if self.quadratic is not None:
            result += 2 * self.quadratic
        moment = _gaussian_moments(covariance)
        for i, output in enumerate(self.monomials):
            for inputs, value in output.items():
                for at, k in enumerate(inputs):
                    rest = _without(inputs, at)
                    for other, j in enumerate(rest):
                        result[i, k, j] += value * moment(_without(rest, other))
        return result


def _gaussian_moments(covariance: Any) -> Callable[[tuple[int, ...]], float]:
    """Give ``E[x_a x_b ...]``: the first factor is paired with each of the others (Isserlis)."""

    @cache
    def moment(inputs: tuple[int, ...]) -> float:
        if not inputs:
            return 1.0
        if len(inputs) % 2:
            return 0.0
        first, rest = inputs[0], inputs[1:]
        return sum(float(covariance[first, k]) * moment(_without(rest, at)) for at, k in enumerate(rest))

    return moment


def _without(inputs: tuple[int, ...], at: int) -> tuple[int, ...]:
    return inputs[:at] + inputs[at + 1 :]


def _symmetric_part(forms: Any) -> Any:
    if forms.shape[1] != forms.shape[2]:
        raise InputError(f"quadratic must hold square matrices, got shape {forms.shape}")
    return (forms + forms.transpose(0, 2, 1)) / 2


def _read(name: str, values: Any, axes: int) -> Any:
    array = np.asarray(values, dtype=np.float64)
    array = array[None] if array.ndim == axes - 1 else array
    if array.ndim != axes or not array.size:
        shapes = {2: "(c, d) or (d,)", 3: "(c, d, d) or (d, d)"}[axes]
        raise InputError(f"{name} must have shape {shapes}, got {np.shape(values)}")
    if not np.isfinite(array).all():
        raise InputError(f"{name} must be finite, got {np.sum(~np.isfinite(array))} values that are not")
    return array


def _read_monomials(monomials: Any) -> tuple[Monomials, ...]:
    outputs: Sequence[Any] = (monomials,) if isinstance(monomials, Mapping) else tuple(monomials)
    for output in outputs:
        if not isinstance(output, Mapping):
            raise InputError(f"monomials must map tuples of inputs to coefficients, got {type(output).__name__}")
        for inputs, value in output.items():
            if not (isinstance(inputs, tuple) and all(isinstance(k, int | np.integer) for k in inputs)):
                raise InputError(f"monomials must name inputs by a tuple of integers, got {inputs!r}")
            if not (isinstance(value, Real) and np.isfinite(float(value))):
                raise InputError(f"coefficients of monomials must be finite numbers, got {value!r}")
    return tuple({tuple(map(int, inputs)): float(value) for inputs, value in each.items()} for each in outputs)
