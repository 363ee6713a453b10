"""The networks, run: exact forward and backward passes, training, and measured alignments."""

from typing import TYPE_CHECKING

from numerics.backend.lazy import lazy_names

if TYPE_CHECKING:
    from numerics.errors import DivergenceError, InputError
    from numerics.feature_matrices.alignments import (
        alignment,
        cosine_alignment,
        generalized_alignment,
        pearson_alignment,
    )
    from numerics.feature_matrices.definitions import (
        Features,
        centered_agop,
        centered_nfm,
        features,
        neural_feature_matrix,
        pre_activation_tangent_kernel,
        ptf_covariances,
    )
    from numerics.feature_matrices.layer_measurement import LayerMeasurement, measure_layer
    from numerics.networks.activations import ACTIVATIONS, Activation
    from numerics.networks.mlp import MLP
    from numerics.networks.parameters import Parameters
    from numerics.training.records import load_record, save_record
    from numerics.training.simulation import initial_parameters, simulate

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
        "numerics.networks.activations": (
            "ACTIVATIONS",
            "Activation",
        ),
        "numerics.feature_matrices.alignments": (
            "alignment",
            "cosine_alignment",
            "generalized_alignment",
            "pearson_alignment",
        ),
        "numerics.errors": (
            "DivergenceError",
            "InputError",
        ),
        "numerics.feature_matrices.definitions": (
            "Features",
            "centered_agop",
            "centered_nfm",
            "features",
            "neural_feature_matrix",
            "pre_activation_tangent_kernel",
            "ptf_covariances",
        ),
        "numerics.feature_matrices.layer_measurement": (
            "LayerMeasurement",
            "measure_layer",
        ),
        "numerics.networks.mlp": ("MLP",),
        "numerics.networks.parameters": ("Parameters",),
        "numerics.training.records": (
            "load_record",
            "save_record",
        ),
        "numerics.training.simulation": (
            "initial_parameters",
            "simulate",
        ),
    },
)
