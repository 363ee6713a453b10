"""The dual of an activation as a small object: where it comes from, what it must satisfy, how to evaluate it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import sympy as sp

from derivations.activation_integrals.definitions import ActivationError, c, h, q1, q2
from derivations.activation_integrals.evaluate import (
    HomogeneousForm,
    KernelFunction,
    by_correlation,
    by_covariance,
    gap,
    tilted_cosh,
    tilted_sinh,
)
from derivations.activation_integrals.mehler import MehlerKernel, MehlerKernelWithSlope, mehler_kernel
from derivations.activation_integrals.price import mean
from derivations.activation_integrals.quadrature import compile_activation, tensor_rule_with_error
from derivations.activation_integrals.sample_kernels import (
    ClosedKernel,
    ClosedKernelWithSlope,
    SampleKernel,
    SampleKernelWithSlope,
)
from derivations.activation_integrals.smoothed import SmoothedKernel, SmoothedKernelWithSlope, smoothed_obligations


@dataclass(frozen=True)
class Dual:
    """``E[phi(u) phi(v)]`` for centered Gaussians with covariance ``[[q1, c], [c, q2]]``.

    Parameters
    ----------
    name : str
        The activation.
    parameter : SymPy expression or None
        Its parameter, exact.
    order : int
        ``phi`` is this derivative of the activation.
    definition : SymPy expression
        ``phi(h)``.
    expression : SymPy expression
        The dual in the symbols ``q_1, q_2, c``: a closed form, or the double integral if there is none here.
    next_order : callable or None
        Makes the dual of the next derivative.
    """

    name: str
    parameter: sp.Expr | None
    order: int
    definition: sp.Expr
    expression: sp.Expr
    next_order: Callable[[], "Dual"] | None = field(repr=False, compare=False)

    @property
    def derivative(self) -> "Dual":
        """The dual of the derivative of ``phi``.

        Raises
        ------
        ActivationError
            It would average a derivative of delta functions.
        """
        if self.next_order is None:
            raise ActivationError(f"the dual of derivative {self.order + 1} of {self.name} does not exist")
        return self.next_order()

    @property
    def function(self) -> KernelFunction:
        """A function of arrays ``q1, q2, c`` that broadcast; float32 if all are, else float64."""
        raise NotImplementedError

    def on_samples(self, variance: Any) -> SampleKernel:
        """Fix the variances of ``n`` samples.

        Parameters
        ----------
        variance : (n,) array
            Variances of the pre-activations.

        Returns
        -------
        callable
            Takes ``(block, rows, columns)``, a block of the covariance matrix and its two slices.
        """
        raise NotImplementedError

    def on_samples_with_slope(self, variance: Any) -> SampleKernelWithSlope:
        """Fix the variances of ``n`` samples, for the dual and that of the derivative.

        Parameters
        ----------
        variance : (n,) array
            Variances of the pre-activations.

        Returns
        -------
        callable
            As from `on_samples`, but it returns both blocks; each alone is its `value` and its `slope`.

        Raises
        ------
        ActivationError
            As for `derivative`.
        """
        raise NotImplementedError

    @property
    def obligations(self) -> dict[str, sp.Expr]:
        """Expressions that must simplify to zero, by name."""
        raise NotImplementedError

    def latex(self) -> str:
        r"""Typeset the dual as an equation.

        Returns
        -------
        str
            LaTeX without math delimiters.
        """
        phi = r"\phi" + (f"^{{({self.order})}}" if self.order > 2 else "'" * self.order)
        left = rf"\mathbb{{E}}\left[{phi}(u)\,{phi}(v)\right]"
        return f"{left} = {sp.latex(self.expression)}"


@dataclass(frozen=True)
class ClosedDual(Dual):
    """A dual with a closed form.

    Parameters
    ----------
    by_correlation : bool
        Evaluate through the correlation: the form is homogeneous and has a square-root edge at correlation one.
    stable : SymPy expression or None
        The same form as it is compiled, with `gap` and `tilted_sinh`, where large variances need it.
    special : dict
        Obligations of the family, beside those that every dual has; a name that is taken replaces.
    """

    by_correlation: bool = False
    stable: sp.Expr | None = None
    special: dict[str, sp.Expr] = field(default_factory=dict, repr=False)

    @property
    def obligations(self) -> dict[str, sp.Expr]:
        """Symmetry, Price's relation, the value at independence and at equal arguments from direct integrals."""
        q = sp.Symbol("q", positive=True)
        closed = self.expression
        found = {"symmetric": closed - closed.subs({q1: q2, q2: q1}, simultaneous=True)}
        if self.next_order is not None:
            found["Price's relation"] = closed.diff(c) - self.derivative.expression
        if "independent arguments" not in self.special:
            means = mean(self.definition, q1) * mean(self.definition, q2)
            found["independent arguments"] = closed.subs(c, 0) - means
        if "equal arguments" not in self.special:
            equal = closed.subs({q1: q, q2: q, c: q}, simultaneous=True)
            exponentials = equal.rewrite([sp.sinh, sp.cosh], sp.exp)
            found["equal arguments"] = exponentials - mean(_square(self.definition), q)
        if self.stable is not None:
            written = _without_stand_ins(self.stable)
            found["stable form, slope"] = sp.simplify((written - closed).diff(c))
            # Positive roots in factors, so that the root of a product is the product of the roots.
            at_zero = (written - closed).subs(c, 0)
            found["stable form, independent arguments"] = at_zero.replace(
                lambda part: part.is_Pow and not part.exp.is_integer, lambda part: sp.factor(part.base) ** part.exp
            )
        return found | self.special

    @cached_property
    def function(self) -> KernelFunction:
        """A function of arrays ``q1, q2, c`` that broadcast; float32 if all are, else float64."""
        compiled = _compile(self)
        return lambda q1, q2, c: compiled(q1, q2, c)[0]

    def on_samples(self, variance: Any) -> ClosedKernel:
        """Fix the variances of ``n`` samples.

        Parameters
        ----------
        variance : (n,) array
            Variances of the pre-activations.

        Returns
        -------
        ClosedKernel
            Takes ``(block, rows, columns)``, a block of the covariance matrix and its two groups of samples.
        """
        return ClosedKernel(self.function, variance)

    def on_samples_with_slope(self, variance: Any) -> ClosedKernelWithSlope:
        """Fix the variances of ``n`` samples, for the dual and that of the derivative.

        Parameters
        ----------
        variance : (n,) array
            Variances of the pre-activations.

        Returns
        -------
        ClosedKernelWithSlope
            As from `on_samples`, but it returns both blocks.
        """
        slope = ClosedKernel(self.derivative.function, variance)
        return ClosedKernelWithSlope(self.on_samples(variance), slope, self._with_derivative)

    @cached_property
    def _with_derivative(self) -> Callable[[Any, Any, Any], list[Any]]:
        return _compile(self, self.derivative)


@dataclass(frozen=True)
class QuadratureDual(Dual):
    """A dual by Gauss-Hermite quadrature.

    Parameters
    ----------
    stable : SymPy expression
        ``phi(h)`` rewritten so that it does not overflow.
    rewriting : SymPy expression
        Zero if the rewriting is right.
    """

    stable: sp.Expr = h
    rewriting: sp.Expr = h

    @cached_property
    def activation(self) -> Callable[[Any], Any]:
        """``phi`` for arrays, elementwise."""
        return compile_activation(self.stable)

    @property
    def function(self) -> KernelFunction:
        """A function of arrays ``q1, q2, c`` that broadcast: a tensor rule on each element, in float64."""
        return lambda q1, q2, c: tensor_rule_with_error(self.activation, q1, q2, c)[0]

    def error(self, q1: Any, q2: Any, c: Any) -> Any:
        """Estimate the error of `function` by the difference of two orders.

        Parameters
        ----------
        q1, q2, c : array_like
            Variances and covariances that broadcast against each other.

        Returns
        -------
        ndarray
            Absolute errors, cautious: of the lower order.
        """
        return tensor_rule_with_error(self.activation, q1, q2, c)[1]

    def on_samples(self, variance: Any) -> SampleKernel:
        """Fix the variances of ``n`` samples: Mehler's series with a bound on its error, or smoothed rectifiers."""
        try:
            return mehler_kernel(self.activation, np.asarray(variance))
        except ActivationError:
            if self.order > 1:
                raise
            return SmoothedKernel(self.name, self.order, np.asarray(variance))

    def on_samples_with_slope(self, variance: Any) -> SampleKernelWithSlope:
        """Fix the variances of ``n`` samples, for the dual and that of the derivative; both by the same means."""
        value, slope = self.on_samples(variance), self.derivative.on_samples(variance)
        if isinstance(value, MehlerKernel) and isinstance(slope, MehlerKernel):
            return MehlerKernelWithSlope(value, slope)
        q = np.asarray(variance)
        return SmoothedKernelWithSlope(SmoothedKernel(self.name, 0, q), SmoothedKernel(self.name, 1, q))

    @property
    def obligations(self) -> dict[str, sp.Expr]:
        """The rewriting that quadrature evaluates is the activation; smoothing gives the rectifier's dual."""
        return {"stable rewriting": self.rewriting} | (smoothed_obligations(self.name) if self.order == 0 else {})


def _compile(*duals: Dual) -> Callable[[Any, Any, Any], list[Any]]:
    """Compile duals of one family to one function."""
    for each in duals:
        free = each.expression.free_symbols - {q1, q2, c}
        if free:
            raise ActivationError(f"the dual of {each.name} needs a number for {sorted(map(str, free))}")
    if all(isinstance(each, ClosedDual) and each.by_correlation for each in duals):
        return by_correlation(*map(_homogeneous, duals))
    stable = (getattr(each, "stable", None) for each in duals)
    return by_covariance(*(each.expression if form is None else form for each, form in zip(duals, stable, strict=True)))


def _without_stand_ins(stable: sp.Expr) -> sp.Expr:
    """Write out what the compiled form computes apart."""
    written = stable.subs(gap, q1 * q2 - c**2)
    written = written.replace(tilted_sinh, lambda x, mean: sp.exp(-mean) * sp.sinh(x))
    return written.replace(tilted_cosh, lambda x, mean: sp.exp(-mean) * sp.cosh(x))


def _homogeneous(form: Dual) -> HomogeneousForm:
    if form.order == 2:
        return HomogeneousForm(form.expression, -1, sp.oo, sp.oo)  # the delta function
    return HomogeneousForm(form.expression, 1 - form.order, mean(form.definition, q1), form.definition.subs(h, 0))


def _square(expression: sp.Expr) -> sp.Expr:
    """Square an activation; a step is its own square."""
    step = sp.Heaviside(h, 0)
    return sp.expand(sp.expand(expression**2).replace(lambda e: e == step**2, lambda _: step))
