"""The features at convergence (FACT): what the NFM is where training with weight decay stands still."""

from array_api_compat import array_namespace
from jaxtyping import Float

from numerics.backend.arrays import Array
from numerics.networks.backpropagation import weight_gradients
from numerics.networks.network import Network
from numerics.networks.parameters import Parameters


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
