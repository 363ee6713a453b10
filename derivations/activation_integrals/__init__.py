"""Gaussian integrals of activations: ``E[phi(u) phi(v)]`` for correlated Gaussians, from the definition of ``phi``.

The dual of the activation is one layer of the recursion of wide networks (NNGP), the dual of its derivative
the other (NTK). Closed forms come out of integration by parts, generating functions, completed squares,
determinants and Price's theorem; what has none here is integrated by quadrature with an error estimate.
"""

from derivations.activation_integrals.angular_dual import AngularDual, dual_of
from derivations.activation_integrals.definitions import ACTIVATION_NAMES, ActivationError, define
from derivations.activation_integrals.dual import ClosedDual, Dual, QuadratureDual
from derivations.activation_integrals.families import dual
from derivations.activation_integrals.obligations import OBLIGATIONS
from derivations.activation_integrals.sample_kernels import SampleKernel, SampleKernelWithSlope

__all__ = [
    "ACTIVATION_NAMES",
    "OBLIGATIONS",
    "ActivationError",
    "AngularDual",
    "ClosedDual",
    "Dual",
    "QuadratureDual",
    "SampleKernel",
    "SampleKernelWithSlope",
    "define",
    "dual",
    "dual_of",
]
