"""`predict_alignment`: the early C-NFA of every layer from the data and the architecture."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from nfa_theory.predict.checks import check_data, check_residuals, choose_initial_function, matrix_of_outputs
from nfa_theory.predict.kernels import LayerKernels, WideNetwork
from nfa_theory.predict.leading_order import ResidualRows, c_nfa, c_nfa_of_few_inputs, gram_rows
from nfa_theory.predict.random_function import correction, expected_rows, random_start
from numerics import MLP, InputError


@dataclass(frozen=True, repr=False, eq=False)
class AlignmentPrediction:
    """A predicted alignment by layer.

    Parameters
    ----------
    limit : (depth,) array
        C-NFA of hidden layers 1, ..., depth at infinite width as ``t -> 0``, float64.
    limit_error : (depth,) array
        Standard error of `limit`: zero unless it is an average over random initial functions.
    layers : tuple of int
        The layers, 1 to depth.
    config : dict
        The network, the number of samples, and what was asked for.
    """

    limit: Any
    limit_error: Any
    layers: tuple[int, ...]
    config: dict[str, Any]

    def __repr__(self) -> str:
        start = self.config["initial_function"]
        head = f"C-NFA as t -> 0 at infinite width, {self.config['samples']} samples, initial function {start}"
        rows = (
            f"  layer {layer}: {value:.4f}" + (f" +- {error:.4f}" if error else "")
            for layer, value, error in zip(self.layers, self.limit, self.limit_error, strict=True)
        )
        return "\n".join((head, *rows))


def predict_alignment(
    X: Any, Y: Any, net: MLP, initial_function: Any = None, *, draws: int = 16, seed: int = 0
) -> AlignmentPrediction:
    """Predict the centered alignment (C-NFA, cosine) of every hidden layer early in training.

    Full-batch gradient descent or flow on squared error, ``t -> 0``, infinitely wide hidden layers with Gaussian
    initial weights. With other weights (uniform, orthogonal, signs) the limit is the same if the inputs are many.
    Biases enter through the kernels; the centered features are those of the weights alone.

    Parameters
    ----------
    X : array_like, (n, d)
        Inputs. float32 is computed in float32, anything else in float64.
    Y : array_like, (n, c)
        Labels, one column per output.
    net : MLP
        The network. Hidden widths count only where the scaling says so: the readout of muP, biases of PyTorch.
    initial_function : {"zero", "average"} or array_like (n, c), optional
        The network's function at initialization: zero, random and averaged over, or given. By default ``"zero"`` if
        the network starts from zero exactly (``zero_initial_function``) or in the limit (muP), else ``"average"``.
        ``"average"`` is the mean of the C-NFA over the Gaussian process that a wide network starts with. It is computed
        as the C-NFA at the expected ``R R^T``, which is ``Y Y^T + c Sigma``, plus the mean of the difference to it over
        random functions on random subsets of at most 128 samples; for n > 128 that difference is an estimate
        whose dependence on n is neglected.
    draws : int
        Random functions of ``"average"``, at least 2.
    seed : int
        Seed of ``"average"``.

    Returns
    -------
    AlignmentPrediction
        With `limit` by layer.

    Raises
    ------
    InputError
        Shapes do not fit, a number is not finite, there are fewer than two samples, or the alignment is undefined
        because the residuals or the gradient vanish.

    Notes
    -----
    Time: of order n^3 per layer, about two and a half products of n x n matrices. Memory: at most six n x n arrays.
    The formula is derived in ``derivations.leading_order`` and ``derivations.wide_network`` and holds to leading order
    in the time and in 1/width. Source: Beaglehole, Mitliagkas and Agarwala, arXiv 2402.05271, for the early dynamics.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((100, 5))
    >>> predict_alignment(X, X[:, :1] * X[:, 1:2], MLP(widths=(5, 512, 1)), "zero").limit.round(3)
    array([0.878])
    """
    X, Y = check_data(X, Y, net)
    start = choose_initial_function(initial_function, net)
    with np.errstate(over="ignore", invalid="ignore"):  # an overflow is found in the result and becomes one clear line
        if isinstance(start, str) and start == "average":
            return _average(X, Y, net, draws, seed)
        R = Y if isinstance(start, str) else Y - matrix_of_outputs("initial_function", start, Y.shape, Y.dtype)
        check_residuals(R)
        return _fixed(X, R, net, start if isinstance(start, str) else "given")


def _fixed(X: Any, R: Any, net: MLP, start: str) -> AlignmentPrediction:
    A = gram_rows(R)
    limit = [_layer(kernels, X, A) for kernels in WideNetwork(X, net).layers()]
    return _result(limit, [0.0] * len(limit), X, net, start)


def _average(X: Any, Y: Any, net: MLP, draws: int, seed: int) -> AlignmentPrediction:
    if draws < 2:
        raise InputError(f"draws must be at least 2, got {draws}")
    rng = np.random.default_rng(seed)
    network = WideNetwork(X, net)
    covariance = network.output_covariance()
    A = expected_rows(Y, covariance)
    starts = [random_start(Y, covariance, rng) for _ in range(draws)]
    limit, errors = [], []
    for kernels in network.layers():
        shift, error = correction(kernels, starts)
        limit.append(_layer(kernels, X, A) + shift)
        errors.append(error)
    return _result(limit, errors, X, net, "average", draws=draws, seed=seed)


def _layer(kernels: LayerKernels, X: Any, A: ResidualRows) -> float:
    if kernels.layer == 1 and X.shape[1] < X.shape[0]:
        return c_nfa_of_few_inputs(kernels.kappa, X, A, 1)
    return c_nfa(kernels.kappa, kernels.S, A, kernels.layer)


def _result(limit: list[float], errors: list[float], X: Any, net: MLP, start: str, **more: int) -> AlignmentPrediction:
    """Turn lists from the last layer to the first into a result from the first to the last."""
    arrays = [np.array(values[::-1]) for values in (limit, errors)]
    for array in arrays:
        array.setflags(write=False)
    config = {**net.config(), "samples": len(X), "initial_function": start, **more}
    return AlignmentPrediction(arrays[0], arrays[1], tuple(range(1, net.depth + 1)), config)
