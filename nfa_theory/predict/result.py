"""What a prediction of the early alignment returns."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Float

from nfa_theory.predict.limit.directions import TopDirections
from nfa_theory.predict.problem.checks import whole_number
from nfa_theory.predict.read_only import read_only
from nfa_theory.predict.width.moments import FiniteWidth
from numerics import InputError


@dataclass(frozen=True, repr=False, eq=False)
class AlignmentPrediction:
    """A predicted alignment by layer.

    Parameters
    ----------
    limit : (depth,) array
        C-NFA of hidden layers 1, ..., depth at infinite width as ``t -> 0``, float64.
    limit_error : (depth,) array
        Standard error of `limit`: zero unless it is an average over random initial functions or batches, or an
        estimate from subsets.
    layers : tuple of int
        The layers, 1 to depth.
    config : dict
        The network, the number of samples, and what was asked for.
    at_finite_width : callable
        Estimates what `mean` and its companions return.
    dimensions : (depth, 2) array, optional
        How many directions ``F_c`` and ``G_c`` of every layer spread over at infinite width: the participation ratios
        ``tr(M)^2 / tr(M^2)`` of the leading order, of their means if the initial function is random. From subsets they
        are estimates without a standard error; with batches or without samples there are none.
    find_directions : callable, optional
        Computes what `directions` returns, given how many.
    limit_refused : str, optional
        Why `limit` is not known, and NaN; `mean` and its companions do not need it.
    """

    limit: Float[np.ndarray, " depth"]
    limit_error: Float[np.ndarray, " depth"]
    layers: tuple[int, ...]
    config: dict[str, Any]
    at_finite_width: Callable[[], FiniteWidth]
    dimensions: Float[np.ndarray, "depth 2"] | None = None
    find_directions: Callable[[int], TopDirections] | None = None
    limit_refused: str | None = None

    @cached_property
    def _moments(self) -> FiniteWidth:
        with np.errstate(over="ignore", invalid="ignore"):
            found = self.at_finite_width()
        return FiniteWidth(*(read_only(values) for values in vars(found).values()))

    @property
    def mean(self) -> Float[np.ndarray, " depth"]:
        """Mean over initializations at the network's widths, (depth,); estimated when it is first asked for."""
        return self._moments.mean

    @property
    def mean_error(self) -> Float[np.ndarray, " depth"]:
        """Standard error of `mean`, (depth,)."""
        return self._moments.mean_error

    @property
    def std(self) -> Float[np.ndarray, " depth"]:
        """Standard deviation over initializations at the network's widths, (depth,), estimated with `mean`."""
        return self._moments.std

    @property
    def std_error(self) -> Float[np.ndarray, " depth"]:
        """Standard error of `std`, (depth,)."""
        return self._moments.std_error

    @property
    def width_coefficient(self) -> Float[np.ndarray, " depth"]:
        """Coefficient of ``1/width`` in `mean`, (1,), with one hidden layer and a fixed initial function; else NaN.

        ``mean = limit + width_coefficient / width + ...``, from closed forms or from the neurons of the networks.
        """
        return self._moments.coefficient

    @property
    def width_coefficient_error(self) -> Float[np.ndarray, " depth"]:
        """Standard error of `width_coefficient`, (depth,); zero where it is a closed form."""
        return self._moments.coefficient_error

    def directions(self, count: int = 5) -> TopDirections:
        """Compute the leading eigenvectors of ``F_c`` and ``G_c`` of the first layer, in input space.

        At infinite width, for the step on all samples; of the means if the initial function is random.

        Parameters
        ----------
        count : int
            How many, from 1 to the number of inputs.

        Returns
        -------
        TopDirections
            Directions and shares of the trace. With ``method="subsets"`` they are those of an unbiased estimate.

        Raises
        ------
        InputError
            There are not so many, or the prediction was made without samples.
        """
        if self.find_directions is None:
            raise InputError("top directions need samples and a step of descent, got a prediction without one of them")
        return self.find_directions(whole_number("count", count, 1, self.config["widths"][0]))

    def __repr__(self) -> str:
        start = self.config["initial_function"]
        data = f"{self.config['samples']} samples" if "samples" in self.config else "from statistics"
        head = f"C-NFA as t -> 0 at infinite width, {data}, initial function {start}"
        if "optimizer" in self.config:
            head += f", a step of {self.config['optimizer']}"
        if "batch_size" in self.config:
            head += f", batches of {self.config['batch_size']}"
        if self.limit_refused is not None:
            head += f"; not known: {self.limit_refused}"
            return "\n".join((head, *(f"  layer {layer}: not known" for layer in self.layers)))
        rows = (
            f"  layer {layer}: {value:.4f}" + (f" +- {error:.4f}" if error else "")
            for layer, value, error in zip(self.layers, self.limit, self.limit_error, strict=True)
        )
        return "\n".join((head, *rows))

    def _repr_html_(self) -> str:
        """Show what is known so far: moments that were not asked for are not estimated for the sake of a display."""
        from nfa_theory.display import layers_html

        columns = {"C-NFA, infinite width": (self.limit, self.limit_error)}
        if "_moments" in vars(self):
            columns |= {"mean": (self.mean, self.mean_error), "spread": (self.std, self.std_error)}
        return layers_html(repr(self).splitlines()[0], columns)

    def _repr_latex_(self) -> str:
        rows = (
            rf"\rho_{{{layer}}} = {value:.4f}" + (rf" \pm {error:.4f}" if error else "")
            for layer, value, error in zip(self.layers, self.limit, self.limit_error, strict=True)
        )
        return "$$ " + r",\quad ".join(rows) + " $$"
