"""From data and an architecture to the alignment of every layer, before any training."""

from nfa_theory.predict.course import predict_course
from nfa_theory.predict.course_from_statistics import predict_course_from_statistics
from nfa_theory.predict.course_result import AlignmentCourse, CoursePrediction
from nfa_theory.predict.data_statistics import DataStatistics
from nfa_theory.predict.directions import TopDirections
from nfa_theory.predict.from_statistics import predict_from_statistics
from nfa_theory.predict.polynomial_teacher import PolynomialTeacher
from nfa_theory.predict.prediction import AlignmentPrediction, predict_alignment
from nfa_theory.predict.tangent_kernel import WideKernels, wide_kernels

__all__ = [
    "AlignmentCourse",
    "AlignmentPrediction",
    "CoursePrediction",
    "DataStatistics",
    "PolynomialTeacher",
    "TopDirections",
    "WideKernels",
    "predict_alignment",
    "predict_course",
    "predict_course_from_statistics",
    "predict_from_statistics",
    "wide_kernels",
]
