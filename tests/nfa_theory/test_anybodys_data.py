"""Every public function takes inputs and labels in the same forms, and gives what it gives for arrays."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
import xarray as xr

import nfa_theory as nfa

RNG = np.random.default_rng(3)
X = RNG.standard_normal((12, 3))
Y = X[:, :1] * X[:, 1:2]
NET = nfa.MLP((3, 8, 1), "erf")
BEFORE, AFTER = NET.initialize(RNG), NET.initialize(RNG)

FUNCTIONS = {
    "predict_alignment": lambda x, y: nfa.predict_alignment(x, y, NET, "zero").limit,
    "predict_course": lambda x, y: nfa.predict_course(x, y, NET, [0.0, 0.1], "zero", networks=3, order=1).c_nfa.mean,
    "simulate": lambda x, y: nfa.simulate(x, y, NET, steps=1).c_nfa.values,
    "DataStatistics": lambda x, y: nfa.DataStatistics.from_samples(x, y).label_covariance,
    "features": lambda x, _: nfa.features(x, NET, AFTER).agop,
    "measure": lambda x, y: nfa.measure(x, NET, AFTER, BEFORE, Y=y).fact.values,
    "wide_kernels": lambda x, _: nfa.wide_kernels(x, NET).ntk,
}
FORMS = {
    "lists": lambda: (X.tolist(), Y[:, 0].tolist()),
    "vector": lambda: (X, Y[:, 0]),
    "pandas": lambda: (pd.DataFrame(X, columns=list("abc")), pd.Series(Y[:, 0], index=range(50, 62))),
    "nullable pandas": lambda: (pd.DataFrame(X).astype("Float64"), pd.DataFrame({"y": Y[:, 0]})),
    "xarray": lambda: (xr.DataArray(X, dims=("sample", "input")), xr.DataArray(Y[:, 0], dims="sample")),
    "sparse": lambda: (scipy.sparse.csr_array(X), Y),
    "masked": lambda: (np.ma.masked_array(X), np.ma.masked_array(Y)),
    "objects": lambda: (X.astype(object), Y[:, 0].astype(object)),
    "images": lambda: (X.reshape(12, 1, 3), Y),
}


@pytest.mark.filterwarnings("ignore::numerics.errors.DataWarning")
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("function", FUNCTIONS)
def test_any_form_gives_what_arrays_give(function, form):
    call = FUNCTIONS[function]
    expected = np.asarray(call(X, Y))
    np.testing.assert_allclose(np.asarray(call(*FORMS[form]())), expected, rtol=1e-9)
    assert not np.allclose(np.asarray(call(1.02 * X[::-1], Y)), expected, rtol=1e-9)


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ((row for row in X), "X must hold numbers, got Python objects"),
        (X + 1j, r"X must hold real numbers, got dtype complex128; take real and imaginary parts"),
        (X[:, 0], r"X must have shape \(samples, inputs\), got \(12,\); X\[:, None\] has one input"),
        ("data.npz", r"X must be an array, got the text 'data\.npz'; nfa\.read_data reads a file"),
        (None, "X must be an array, got None"),
    ],
)
def test_what_is_no_data_is_refused_alike(function, wrong, message):
    with pytest.raises(nfa.InputError, match=message):
        FUNCTIONS[function](wrong, Y)
