"""The court: predictions, checks of theory against simulation, figures, report, command line."""

from nfa_theory.claims import Claim, claims
from nfa_theory.predict import AlignmentPrediction, predict_alignment
from numerics import (
    ACTIVATIONS,
    MLP,
    Activation,
    DivergenceError,
    Features,
    InputError,
    LayerMeasurement,
    Parameters,
    alignment,
    centered_agop,
    centered_nfm,
    cosine_alignment,
    features,
    generalized_alignment,
    initial_parameters,
    load_record,
    measure_layer,
    neural_feature_matrix,
    pearson_alignment,
    pre_activation_tangent_kernel,
    ptf_covariances,
    save_record,
    simulate,
)
from numerics.data import DATASET_NAMES, SYNTHETIC_NAMES, DataSet, load_dataset, read_arrays, synthetic_dataset
from numerics.records import package_version as _package_version

__version__ = _package_version()

__all__ = [
    "ACTIVATIONS",
    "DATASET_NAMES",
    "MLP",
    "SYNTHETIC_NAMES",
    "Activation",
    "AlignmentPrediction",
    "Claim",
    "DataSet",
    "DivergenceError",
    "Features",
    "InputError",
    "LayerMeasurement",
    "Parameters",
    "alignment",
    "centered_agop",
    "centered_nfm",
    "claims",
    "cosine_alignment",
    "features",
    "generalized_alignment",
    "initial_parameters",
    "load_dataset",
    "load_record",
    "measure_layer",
    "neural_feature_matrix",
    "pearson_alignment",
    "pre_activation_tangent_kernel",
    "predict_alignment",
    "ptf_covariances",
    "read_arrays",
    "save_record",
    "simulate",
    "synthetic_dataset",
]
