"""The shape check itself: it refuses a wrong shape and a wrong dtype, and leaves other annotations alone."""

import numpy as np
import pytest
from jaxtyping import TypeCheckError

from numerics import neural_feature_matrix
from numerics.errors import InputError
from numerics.feature_matrices.alignments import alignment
from numerics.networks.activations import parse_activation


def test_wrong_shapes_and_dtypes_are_refused_in_tests():
    with pytest.raises(TypeCheckError):
        neural_feature_matrix(np.ones(3))
    with pytest.raises(TypeCheckError):
        neural_feature_matrix(np.ones((3, 3), dtype=int))
    with pytest.raises(TypeCheckError):
        alignment(np.ones((2, 2)), np.ones((3, 3)))


def test_other_types_reach_our_own_errors():
    with pytest.raises(InputError, match="activation must be a name or an Activation, got 7"):
        parse_activation(7)
