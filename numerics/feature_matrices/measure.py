"""All that can be measured of the features of one network, in one call."""

from typing import Any

import numpy as np
import xarray as xr

from numerics.backend.arrays import as_floating, require_finite
from numerics.data.conversion import as_array
from numerics.data.prepare import as_rows, prepare
from numerics.feature_matrices.alignments import alignment
from numerics.feature_matrices.covariances import outputs_and_ptf_covariances
from numerics.feature_matrices.fact import fact_matrices
from numerics.feature_matrices.layer_alignments import TERMS
from numerics.feature_matrices.network_alignments import MEANINGS, Row, row_of_layers
from numerics.networks.losses import find_loss
from numerics.networks.network import Network
from numerics.networks.parameters import require_finite_parameters
from numerics.networks.samples import check_samples
from numerics.networks.scale_check import note_foreign_scale

_MEANINGS = {
    **MEANINGS,
    "uc_nfa_pearson": f"{MEANINGS['uc_nfa']}, as the correlation of their entries",
    "c_nfa_pearson": f"{MEANINGS['c_nfa']}, as the correlation of their entries",
    "fact": "cosine of NFM and -W^T dL/dW, the features at convergence",
}
_NEED_INITIAL_WEIGHTS = ("c_nfa", "c_nfa_pearson", "relative_weight_change", "decomposition")


def measure(
    X: Any,
    net: Network,
    weights: Any,
    initial_weights: Any = None,
    *,
    Y: Any = None,
    loss: str = "mse",
    classes: bool | None = None,
) -> xr.Dataset:
    """Measure the features of every hidden layer of a network, from its weights alone.

    Parameters
    ----------
    X : array_like, shape (n, d)
        Inputs, one sample a row, finite.
    net : MLP or ConvNet
        The network.
    weights : Parameters, sequence of array, mapping, or fitted estimator
        Its weights as you have them, see `numerics.networks.parameters.read_parameters`: matrices (fan_out, fan_in) by
        layer, the readout included; with biases pairs (matrix, bias); a state dict of PyTorch; scikit-learn's
        ``coefs_``, whose matrices (fan_in, fan_out) are recognized by ``net.widths`` and transposed, or the estimator
        that has them.
    initial_weights : optional
        The same before training.
    Y : array_like, shape (n, c) or (n,), optional
        Labels, for FACT.
    loss : str
        The loss of `simulate` that was trained on, for FACT.
    classes : bool, optional
        Take labels as classes, as in `simulate`.

    Returns
    -------
    xarray.Dataset
        By layer (1, ..., depth), dimensionless, with the names that records of `simulate` use: ``uc_nfa`` and, for the
        Pearson correlation of entries, ``uc_nfa_pearson``; with initial weights also ``c_nfa``, ``c_nfa_pearson``,
        ``relative_weight_change`` and ``decomposition``; with labels ``fact``, the cosine of the NFM and of FACT's
        matrix ``-W^T dL/dW``, which is 1 where training with weight decay stands still. What is undefined is missing.

    Warns
    -----
    numerics.data.DataWarning
        If the scale of the weights (the initial ones, where given) is that of another parametrization than the
        network's: multipliers of layers would then be wrong.

    Raises
    ------
    InputError
        If shapes do not fit or a number is not finite; says what was expected and what came.

    Notes
    -----
    Definitions of Beaglehole, Mitliagkas and Agarwala (arXiv 2402.05271); FACT is that of Boix-Adsera, Mallinar, Simon
    and Belkin (arXiv 2507.05644).

    Examples
    --------
    >>> from numerics import MLP
    >>> rng = np.random.default_rng(0)
    >>> X, net = rng.standard_normal((20, 3)), MLP((3, 8, 8, 1))
    >>> before, after = net.initialize(rng), net.initialize(rng)
    >>> sorted(measure(X, net, after, before).data_vars)
    ['c_nfa', 'c_nfa_pearson', 'decomposition', 'relative_weight_change', 'uc_nfa', 'uc_nfa_pearson']
    """
    X = as_floating("X", as_rows("X", as_array("X", X)))
    net.check_inputs(X)
    require_finite("X", X)
    parameters = net.parameters(weights, X)
    initial = parameters if initial_weights is None else net.parameters(initial_weights, X)
    require_finite_parameters("weights", parameters)
    require_finite_parameters("initial_weights", initial)
    note_foreign_scale(net, initial)
    _, covariances = outputs_and_ptf_covariances(X, net, parameters)
    found = row_of_layers(parameters, initial, covariances, "cosine")
    pearson = row_of_layers(parameters, initial, covariances, "pearson")
    found |= {f"{name}_pearson": pearson[name] for name in ("uc_nfa", "c_nfa")}
    if initial_weights is None:
        found = {name: values for name, values in found.items() if name not in _NEED_INITIAL_WEIGHTS}
    if Y is not None:
        data = prepare(X, Y, classes=classes, loss=loss)
        data.check_outputs(net.outputs)
        samples = check_samples(data.X, data.Y, net)
        outputs = net(X, parameters, initial_weights)
        gradient = find_loss(loss, samples.Y).gradient(outputs, samples.Y)
        matrices = zip(parameters.weights, fact_matrices(X, net, parameters, gradient), strict=False)
        found["fact"] = np.asarray([alignment(W.T @ W, matrix) for W, matrix in matrices])
    return _by_layer(found, net)


def _by_layer(found: Row, net: Network) -> xr.Dataset:
    dims = ("layer", "nfm_term", "agop_term")
    coordinates: dict[str, Any] = {"layer": np.arange(1, net.depth + 1, dtype=np.int32)}
    if "decomposition" in found:
        coordinates |= {name: list(TERMS) for name in dims[1:]}
    variables = {name: (dims[: values.ndim], values, {"long_name": _MEANINGS[name]}) for name, values in found.items()}
    return xr.Dataset(variables, coordinates)
