"""From data and an architecture to the alignment of every layer, before any training."""

from nfa_theory.predict.course.prediction import predict_course
from nfa_theory.predict.course.result import AlignmentCourse, CoursePrediction
from nfa_theory.predict.kernels.tangent_kernel import WideKernels, wide_kernels
from nfa_theory.predict.limit.directions import TopDirections
from nfa_theory.predict.online.prediction import OnlinePrediction, overlaps_of, predict_online
from nfa_theory.predict.prediction import predict_alignment
from nfa_theory.predict.problem.data_statistics import DataStatistics
from nfa_theory.predict.problem.polynomial_teacher import PolynomialTeacher
from nfa_theory.predict.result import AlignmentPrediction

__all__ = [
    "AlignmentCourse",
    "AlignmentPrediction",
    "CoursePrediction",
    "DataStatistics",
    "OnlinePrediction",
    "PolynomialTeacher",
    "TopDirections",
    "WideKernels",
    "overlaps_of",
    "predict_alignment",
    "predict_course",
    "predict_online",
    "wide_kernels",
]
