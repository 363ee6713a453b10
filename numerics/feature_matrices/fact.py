"""The features at convergence (FACT): what the NFM is where training with weight decay stands still."""

from typing import Any

from array_api_compat import array_namespace
from jaxtyping import Float

from numerics.backend.arrays import Array
from numerics.checks import require_integer
from numerics.data.prepare import prepare
from numerics.networks.backpropagation import weight_gradients
from numerics.networks.losses import find_loss
from numerics.networks.network import Network
from numerics.networks.parameters import Parameters
from numerics.networks.samples import check_samples


def fact(
    X: Any,
    Y: Any,
    net: Network,
    weights: Any,
    layer: int = 1,
    *,
    loss: str = "mse",
    initial_weights: Any = None,
    classes: bool | None = None,
) -> Float[Array, "m m"]:
    """Measure what the NFM of a hidden layer is, times the weight decay, where training stands still.

    Parameters
    ----------
    X : array, shape (n, d)
        Inputs, one sample a row.
    Y : array, shape (n, c) or (n,)
        Labels.
    net : MLP
        The network.
    weights : Parameters or sequence of array
        One matrix (fan_out, fan_in) a layer, the readout included.
    layer : int
        1, ..., depth.
    loss : {"mse", "cross_entropy"}
        The loss of `simulate` that was trained on.
    initial_weights : Parameters or sequence of array, optional
        For a network with ``zero_initial_function``, whose initial function is subtracted.
    classes : bool, optional
        As in `simulate`.

    Returns
    -------
    array, shape (m, m)
        ``(1/n) sum_mu J_mu^T R_mu z_mu^T``, in units of the raw weights: ``R`` are the residuals ``Y - f`` (softmax
        cross-entropy: ``Y - softmax(f)``), ``z`` the inputs of the layer, ``J`` the Jacobian of the outputs there. It
        equals ``weight_decay * W^T W`` at a stationary point, and is symmetric only there.

    Raises
    ------
    InputError
        If shapes do not fit, or there is no such hidden layer.

    Notes
    -----
    Boix-Adsera, Mallinar, Simon and Belkin (arXiv 2507.05644), the features at convergence; claim ``identities.fact``.

    Examples
    --------
    A ReLU network at rest for which no exponent of the ansatz fits (claim ``training.obtuse_inputs``): its NFM is a
    multiple of the identity, its AGOP is not, and FACT tells the NFM.

    >>> import numpy as np
    >>> from numerics import MLP
    >>> X = np.array([[1.0, 0.0], [-0.6, 0.8], [-0.6, -0.8]])
    >>> u, decay = np.array([0.56, 1.0, 1.0]), 0.01
    >>> weights = [np.sqrt(u)[:, None] * X, np.sqrt(u)[None]]
    >>> np.diag(fact(X, u + 3 * decay, MLP((2, 3, 1), parametrization="lecun"), weights) / decay).round(6)
    array([1.28, 1.28])
    """
    data = prepare(X, Y, classes=classes, loss=loss, center_labels=False)
    data.check_outputs(net.outputs)
    samples = check_samples(data.X, data.Y, net)
    require_integer("layer", layer, 1, net.depth)
    parameters = net.parameters(weights, samples.X)
    gradient = find_loss(loss, samples.Y).gradient(net(samples.X, parameters, initial_weights), samples.Y)
    return fact_matrices(samples.X, net, parameters, gradient)[layer - 1]


def fact_matrices(
    X: Float[Array, "n d"], net: Network, parameters: Parameters, output_gradient: Float[Array, "n c"]
) -> tuple[Float[Array, "..."], ...]:
    """Return ``-W^T dL/dW`` of every hidden layer, which equals ``lambda W^T W`` at a stationary point.

    `output_gradient` is the derivative of the loss by the outputs, ``(f - Y) / n`` for squared errors: then the matrix
    is ``(1/n) sum_mu J_mu^T R_mu z_mu^T``, ``R = Y - f`` and J the Jacobian at the layer's input z (Boix-Adsera,
    Mallinar, Simon and Belkin, arXiv 2507.05644). The multiplier of J stands in the gradient already.
    """
    gradients = weight_gradients(net, parameters, net.forward(X, parameters), output_gradient)
    mT = array_namespace(X).matrix_transpose
    hidden = zip(parameters.weights[:-1], gradients.weights[:-1], strict=True)
    return tuple(-mT(W) @ gradient for W, gradient in hidden)
