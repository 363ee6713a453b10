"""The court: predictions, checks of theory against simulation, figures, report, command line."""

from typing import TYPE_CHECKING

from numerics.lazy import lazy_names
from numerics.version import package_version

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
        AlignmentPrediction,
        DataStatistics,
        PolynomialTeacher,
        predict_alignment,
        predict_from_statistics,
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
    "AlignmentPrediction",
    "Claim",
    "DataSet",
    "DataStatistics",
    "DivergenceError",
    "Features",
    "InputError",
    "LayerMeasurement",
    "Parameters",
    "PolynomialTeacher",
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
    "predict_from_statistics",
    "prediction_figure",
    "ptf_covariances",
    "read_arrays",
    "read_record",
    "save_record",
    "simulate",
    "synthetic_dataset",
    "write_figure",
]

__getattr__, __dir__ = lazy_names(
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
            "AlignmentPrediction",
            "DataStatistics",
            "PolynomialTeacher",
            "predict_alignment",
            "predict_from_statistics",
        ),
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
