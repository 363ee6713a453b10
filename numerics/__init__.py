"""The networks, run: exact forward and backward passes, training, and measured alignments."""

from typing import TYPE_CHECKING

from numerics.lazy import lazy_names

if TYPE_CHECKING:
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

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "numerics.activations": (
            "ACTIVATIONS",
            "Activation",
        ),
        "numerics.alignments": (
            "alignment",
            "cosine_alignment",
            "generalized_alignment",
            "pearson_alignment",
        ),
        "numerics.errors": (
            "DivergenceError",
            "InputError",
        ),
        "numerics.feature_matrices": (
            "Features",
            "centered_agop",
            "centered_nfm",
            "features",
            "neural_feature_matrix",
            "pre_activation_tangent_kernel",
            "ptf_covariances",
        ),
        "numerics.measurements": (
            "LayerMeasurement",
            "measure_layer",
        ),
        "numerics.network": ("MLP",),
        "numerics.parameters": ("Parameters",),
        "numerics.records": (
            "load_record",
            "save_record",
        ),
        "numerics.simulation": (
            "initial_parameters",
            "simulate",
        ),
    },
)
