"""A quadratic network on Gaussian inputs, averaged over every node of a quadrature: the population itself."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from nfa_theory.verify.instruments.gaussian_nodes import gaussian_nodes
from nfa_theory.verify.instruments.matrices import symmetric_matrix
from numerics import MLP
from numerics.networks.backpropagation import tangent_features, weight_gradients


@dataclass(frozen=True)
class Population:
    """Inputs ``x ~ N(0, Sigma)`` with labels ``x^T Q x``, as weighted samples.

    Parameters
    ----------
    X : (nodes, d) array
        Inputs.
    weights : (nodes,) array
        They sum to 1; exact for polynomials of degree 5 in each whitened input.
    Q, Sigma : (d, d) array
        Teacher and covariance.
    """

    X: Any
    weights: Any
    Q: Any
    Sigma: Any

    @classmethod
    def draw(cls, rng: np.random.Generator, d: int) -> "Population":
        """Draw a covariance and a teacher."""
        Sigma, Q = symmetric_matrix(rng, d), symmetric_matrix(rng, d, signed=True)
        g, weights = gaussian_nodes(d, degree=4)
        return cls(g @ np.linalg.cholesky(Sigma).T, weights, Q, Sigma)

    @property
    def y(self) -> Any:
        """Labels, (nodes, 1)."""
        return np.einsum("ni,ij,nj->n", self.X, self.Q, self.X)[:, None]

    def weighted_moment(self, values: Any) -> Any:
        """Average ``values x x^T``."""
        return np.einsum("n,n,ni,nj->ij", self.weights, values.ravel(), self.X, self.X)

    def network(self, k: int) -> MLP:
        """Make the quadratic network; its multipliers are 1."""
        return MLP((len(self.Q), k, 1), "quadratic", parametrization="lecun")

    def velocities(self, net: MLP, W: Any, a: Any) -> tuple[Any, Any]:
        """Return minus the gradients of ``E (y - f)^2 / 2`` with respect to hidden weights and readout."""
        weights = (W, a)
        activity = net.forward(self.X, weights)
        misses = (activity.outputs - self.y) * self.weights[:, None]
        found = weight_gradients(net, net.parameters(list(weights), self.X), activity, misses).weights
        return -found[0], -found[1]

    def tangent_covariance(self, net: MLP, W: Any, a: Any) -> Any:
        """Average the products of tangent features."""
        weights = (W, a)
        D = dict(tangent_features(net, net.parameters(list(weights), self.X), net.forward(self.X, weights)))[1][:, 0]
        return np.einsum("n,ni,nj->ij", self.weights, D, D)


def population_and_network(rng: np.random.Generator, d: int = 4, k: int = 5) -> tuple[Population, MLP, Any, Any]:
    """Draw a population, and the weights of a network on it, (k, d) and (1, k)."""
    population = Population.draw(rng, d)
    return population, population.network(k), rng.standard_normal((k, d)), rng.uniform(0.5, 1.5, (1, k))
