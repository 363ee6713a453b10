"""The court: predictions, checks of theory against simulation, figures, report, command line."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from numerics.backend.lazy import lazy_names
from numerics.backend.version import package_version

__version__ = package_version()

if TYPE_CHECKING:
    from nfa_theory.claim_catalog import Claim, claims
    from nfa_theory.figures import (
        alignment_figure,
        decomposition_figure,
        features_figure,
        phase_diagram_figure,
        plot_agop,
        plot_alignment,
        plot_decomposition,
        plot_phase_diagram,
        plot_prediction,
        plot_spectrum,
        prediction_figure,
        write_figure,
    )
    from nfa_theory.figures.gallery import figures_of, read_record
    from nfa_theory.predict import (
        AlignmentCourse,
        AlignmentPrediction,
        CoursePrediction,
        DataStatistics,
        PolynomialTeacher,
        WideKernels,
        predict_alignment,
        predict_course,
        predict_course_from_statistics,
        predict_from_statistics,
        wide_kernels,
    )
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

__all__ = [
    "ACTIVATIONS",
    "DATASET_NAMES",
    "MLP",
    "SYNTHETIC_NAMES",
    "Activation",
    "AlignmentCourse",
    "AlignmentPrediction",
    "Claim",
    "CoursePrediction",
    "DataSet",
    "DataStatistics",
    "DivergenceError",
    "Features",
    "InputError",
    "LayerMeasurement",
    "Parameters",
    "PolynomialTeacher",
    "WideKernels",
    "alignment",
    "alignment_figure",
    "centered_agop",
    "centered_nfm",
    "claims",
    "cosine_alignment",
    "decomposition_figure",
    "features",
    "features_figure",
    "figures_of",
    "generalized_alignment",
    "initial_parameters",
    "load_dataset",
    "load_record",
    "measure_layer",
    "neural_feature_matrix",
    "pearson_alignment",
    "phase_diagram_figure",
    "plot_agop",
    "plot_alignment",
    "plot_decomposition",
    "plot_phase_diagram",
    "plot_prediction",
    "plot_spectrum",
    "pre_activation_tangent_kernel",
    "predict_alignment",
    "predict_course",
    "predict_course_from_statistics",
    "predict_from_statistics",
    "prediction_figure",
    "ptf_covariances",
    "read_arrays",
    "read_record",
    "save_record",
    "simulate",
    "synthetic_dataset",
    "wide_kernels",
    "write_figure",
]

_get, __dir__ = lazy_names(
    __name__,
    {
        "nfa_theory.claim_catalog": (
            "Claim",
            "claims",
        ),
        "nfa_theory.figures": (
            "alignment_figure",
            "decomposition_figure",
            "features_figure",
            "phase_diagram_figure",
            "plot_agop",
            "plot_alignment",
            "plot_decomposition",
            "plot_phase_diagram",
            "plot_prediction",
            "plot_spectrum",
            "prediction_figure",
            "write_figure",
        ),
        "nfa_theory.figures.gallery": (
            "figures_of",
            "read_record",
        ),
        "nfa_theory.predict": (
            "AlignmentCourse",
            "AlignmentPrediction",
            "CoursePrediction",
            "DataStatistics",
            "PolynomialTeacher",
            "WideKernels",
            "predict_alignment",
            "predict_course",
            "predict_course_from_statistics",
            "predict_from_statistics",
            "wide_kernels",
        ),
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
        "numerics.data": (
            "DATASET_NAMES",
            "SYNTHETIC_NAMES",
            "DataSet",
            "load_dataset",
            "read_arrays",
            "synthetic_dataset",
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


def __getattr__(name: str) -> Any:
    if name == "torch":  # needs an extra; not among the names that `from nfa_theory import *` takes
        return import_module("nfa_theory.torch")
    return _get(name)
