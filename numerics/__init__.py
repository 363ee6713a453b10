"""The networks, run: exact forward and backward passes, training, and measured alignments."""

from numerics.activations import ACTIVATIONS, Activation
from numerics.alignments import alignment, cosine_alignment, generalized_alignment, pearson_alignment
from numerics.errors import DivergenceError, InputError
from numerics.feature_matrices import (
    Features,
    centered_agop,
    centered_nfm,
    features,
    neural_feature_matrix,
    pre_activation_tangent_kernel,
    ptf_covariances,
)
from numerics.measurements import LayerMeasurement, measure_layer
from numerics.network import MLP
from numerics.parameters import Parameters
from numerics.records import load_record, save_record
from numerics.simulation import initial_parameters, simulate

__all__ = [
    "ACTIVATIONS",
    "MLP",
    "Activation",
    "DivergenceError",
    "Features",
    "InputError",
    "LayerMeasurement",
    "Parameters",
    "alignment",
    "centered_agop",
    "centered_nfm",
    "cosine_alignment",
    "features",
    "generalized_alignment",
    "initial_parameters",
    "load_record",
    "measure_layer",
    "neural_feature_matrix",
    "pearson_alignment",
    "pre_activation_tangent_kernel",
    "ptf_covariances",
    "save_record",
    "simulate",
]
