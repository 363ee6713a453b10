"""Duals between samples whose variances are fixed, alone or together with the dual of the derivative."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from jaxtyping import Shaped

from derivations.activation_integrals.evaluate import KernelFunction


class SampleKernel(Protocol):
    """A dual between samples whose variances are fixed."""

    def __call__(self, covariance: Any, rows: Any, columns: Any) -> Any:
        """Evaluate a block from its covariances and the two groups of samples it belongs to."""

    def diagonal(self) -> Any:
        """Return the value of every sample with itself, (n,)."""


class SampleKernelWithSlope(Protocol):
    """A dual and the dual of the derivative: what one layer needs, with what both have in common computed once."""

    @property
    def value(self) -> SampleKernel:
        """The dual alone."""

    @property
    def slope(self) -> SampleKernel:
        """The dual of the derivative alone."""

    @property
    def numbers_per_sample(self) -> int:
        """How many numbers are kept for each sample."""

    def __call__(self, covariance: Any, rows: Any, columns: Any) -> tuple[Any, Any]:
        """Evaluate a block of both; see `SampleKernel`."""


@dataclass(frozen=True)
class ClosedKernel:
    """A closed form between any two of ``n`` samples.

    Parameters
    ----------
    function : callable
        Of ``q1, q2, c``.
    variance : (n,) array
        Variances of the pre-activations.
    """

    function: KernelFunction
    variance: Any

    def __call__(self, covariance: Shaped[Any, "rows columns"], rows: Any, columns: Any) -> Any:
        """Evaluate one block."""
        return self.function(self.variance[rows][:, None], self.variance[columns][None, :], covariance)

    def diagonal(self) -> Shaped[Any, "n"]:
        """Return the value of every sample with itself."""
        return self.function(self.variance, self.variance, self.variance)


@dataclass(frozen=True)
class ClosedKernelWithSlope:
    """Two closed forms between any two of ``n`` samples.

    Parameters
    ----------
    value, slope : ClosedKernel
        Each alone.
    both : callable
        Of ``q1, q2, c``; returns both.
    """

    value: ClosedKernel
    slope: ClosedKernel
    both: Callable[[Any, Any, Any], list[Any]]
    numbers_per_sample = 1

    def __call__(self, covariance: Shaped[Any, "rows columns"], rows: Any, columns: Any) -> tuple[Any, Any]:
        """Evaluate one block."""
        variance = self.value.variance
        value, slope = self.both(variance[rows][:, None], variance[columns][None, :], covariance)
        return value, slope
