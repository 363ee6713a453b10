"""From data and an architecture to the alignment of every layer, before any training."""

from nfa_theory.predict.course.from_statistics import predict_course_from_statistics
from nfa_theory.predict.course.prediction import predict_course
from nfa_theory.predict.course.result import AlignmentCourse, CoursePrediction
from nfa_theory.predict.from_statistics import predict_from_statistics
from nfa_theory.predict.kernels.tangent_kernel import WideKernels, wide_kernels
from nfa_theory.predict.limit.directions import TopDirections
from nfa_theory.predict.online.prediction import OnlinePrediction, overlaps_of, predict_online
from nfa_theory.predict.prediction import AlignmentPrediction, predict_alignment
from nfa_theory.predict.problem.data_statistics import DataStatistics
from nfa_theory.predict.problem.polynomial_teacher import PolynomialTeacher

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
    "predict_course_from_statistics",
    "predict_from_statistics",
    "predict_online",
    "wide_kernels",
]
