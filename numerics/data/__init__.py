"""Data sets: named sets of images, the user's own arrays, and synthetic inputs with teachers."""

from numerics.data.dataset import DataSet
from numerics.data.gaussian import gaussian_inputs, power_law_eigenvalues, random_directions, random_rotation
from numerics.data.labels import random_labels
from numerics.data.mixture import alignment_breaking_mixture
from numerics.data.named import DATASET_NAMES, load_dataset
from numerics.data.preprocess import one_hot
from numerics.data.reading import read_data
from numerics.data.stored import StoredRows
from numerics.data.synthetic import SYNTHETIC_NAMES, synthetic_dataset
from numerics.data.teachers import chain_monomial, linear_teacher, multi_index, quadratic_teacher
from numerics.errors import DataWarning

__all__ = [
    "DATASET_NAMES",
    "SYNTHETIC_NAMES",
    "DataSet",
    "DataWarning",
    "StoredRows",
    "alignment_breaking_mixture",
    "chain_monomial",
    "gaussian_inputs",
    "linear_teacher",
    "load_dataset",
    "multi_index",
    "one_hot",
    "power_law_eigenvalues",
    "quadratic_teacher",
    "random_directions",
    "random_labels",
    "random_rotation",
    "read_data",
    "synthetic_dataset",
]
